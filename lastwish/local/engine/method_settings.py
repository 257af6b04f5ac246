"""Find the settings of one method under the path that CloudFormation wants, in which each slash is `~1`.

MiniStack looks for the plain path and so falls back to the settings of the whole stage: a route's own throttle would
count on AWS only.
"""

from typing import Any

from lastwish.local.engine.patch import ministack_module, replace


def install() -> None:
    """Correct `ministack.services.apigateway_v1`. Raises EngineChanged."""
    api = ministack_module("services.apigateway_v1")
    replace(api, "_method_throttle_settings", _by_encoded_path(api._method_throttle_settings))


def _by_encoded_path(find: Any) -> Any:
    def method_throttle_settings(stage: Any, resource_path: str, http_method: str) -> Any:
        return find(stage, resource_path.replace("/", "~1"), http_method)

    return method_throttle_settings
