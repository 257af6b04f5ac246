"""A route's own throttle, in MiniStack's real module."""

from typing import Any

import pytest

from lastwish.local.engine import method_settings
from lastwish.local.engine.patch import ministack_module

STAGE: dict[str, Any] = {
    "methodSettings": {
        "*/*": {"throttlingRateLimit": 1000},
        "/~1sign-in/POST": {"throttlingRateLimit": 5},
        "/~1wishes~1{wish_id}~1trace/GET": {"throttlingRateLimit": 50},
    }
}


@pytest.mark.parametrize(
    ("path", "method", "rate"),
    [
        ("/sign-in", "POST", 5),
        ("/sign-in", "GET", 1000),
        ("/wishes/{wish_id}/trace", "GET", 50),
        ("/wishes/{wish_id}", "GET", 1000),
        ("/", "GET", 1000),
    ],
)
def test_a_route_has_its_own_settings_else_those_of_the_stage(
    monkeypatch: pytest.MonkeyPatch, path: str, method: str, rate: int
) -> None:
    api = ministack_module("services.apigateway_v1")
    monkeypatch.setattr(api, "_method_throttle_settings", api._method_throttle_settings)
    method_settings.install()
    assert api._method_throttle_settings(STAGE, path, method)["throttlingRateLimit"] == rate
