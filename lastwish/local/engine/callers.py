"""Give each function credentials that name it, so that the layer in front of the engine knows who calls.

MiniStack gives every function the account id as access key, which is known to everybody. Under its `AUTH=true` a
function has a session of its role instead: the session stays, under our key. MiniStack's own authorizer fetches the
user pool's keys from the engine by HTTP: it gets the key for that, too.
"""

from typing import Any
from urllib.request import Request

from lastwish.aws.clients import UNCHECKED
from lastwish.local.door import AGENT, AUTHORIZER, KEY_HEADER, PUT_BACK, named
from lastwish.local.engine.patch import ministack_module, replace, require

_ROOT = "arn:aws:iam::000000000000:root"


def install(key: str) -> None:
    """Correct `execution_credentials`, in both modules that use it, and the authorizer. Raises EngineChanged."""
    _let_the_authorizer_in(key)
    runtime, functions = ministack_module("core.lambda_runtime"), ministack_module("services.lambda_svc")
    sessions = ministack_module("services.sts")
    require(sessions, "_sessions", "register_session")
    credentials_of = runtime.execution_credentials
    # Who runs the stack is nobody's role. Not asked for without AUTH.
    for caller in (AGENT, PUT_BACK):
        root = {"Arn": _ROOT, "PrincipalType": "Root", "SecretAccessKey": UNCHECKED}
        sessions.register_session(named(key, caller), root)

    def execution_credentials(config: dict[str, Any]) -> dict[str, str]:
        function = ":".join(config["FunctionArn"].split(":")[:7])  # all versions of a function have its one session
        theirs: dict[str, str] = credentials_of(config | {"FunctionArn": function})
        ours = named(key, config["FunctionName"])
        if session := sessions._sessions.get(theirs["AWS_ACCESS_KEY_ID"]):
            sessions.register_session(ours, session)
        return theirs | {"AWS_ACCESS_KEY_ID": ours}

    replace(runtime, "execution_credentials", execution_credentials)
    replace(functions, "execution_credentials", execution_credentials)


def _let_the_authorizer_in(key: str) -> None:
    gateway = ministack_module("services.apigateway")
    require(gateway, "_HOST", "_PORT", "_urlopen_async")
    open_url, own = gateway._urlopen_async, f"http://{gateway._HOST}:{gateway._PORT}/"

    async def urlopen_async(request_or_url: Any, timeout_seconds: float) -> Any:
        if isinstance(request_or_url, str) and request_or_url.startswith(own):  # an integration sends a Request
            request_or_url = Request(request_or_url, headers={KEY_HEADER: named(key, AUTHORIZER)})  # noqa: S310 - http
        return await open_url(request_or_url, timeout_seconds)

    replace(gateway, "_urlopen_async", urlopen_async)
