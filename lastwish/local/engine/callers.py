"""Give each function credentials that name it, so that the layer in front of the engine knows who calls.

MiniStack gives every function the account id as access key, which is known to everybody. Under its `AUTH=true` a
function has a session of its role instead: the session stays, under our key.
"""

from typing import Any

from lastwish.aws.clients import UNCHECKED
from lastwish.local.door import AGENT, named
from lastwish.local.engine.patch import ministack_module, replace, require

_ROOT = "arn:aws:iam::000000000000:root"


def install(key: str) -> None:
    """Correct `execution_credentials`, in both modules that use it. Raises EngineChanged."""
    runtime, functions = ministack_module("core.lambda_runtime"), ministack_module("services.lambda_svc")
    sessions = ministack_module("services.sts")
    require(sessions, "_sessions", "register_session")
    credentials_of = runtime.execution_credentials
    # Who runs the stack is nobody's role. Not asked for without AUTH.
    sessions.register_session(named(key, AGENT), {"Arn": _ROOT, "PrincipalType": "Root", "SecretAccessKey": UNCHECKED})

    def execution_credentials(config: dict[str, Any]) -> dict[str, str]:
        theirs: dict[str, str] = credentials_of(config)
        ours = named(key, config["FunctionName"])
        if session := sessions._sessions.get(theirs["AWS_ACCESS_KEY_ID"]):
            sessions.register_session(ours, session)
        return theirs | {"AWS_ACCESS_KEY_ID": ours}

    replace(runtime, "execution_credentials", execution_credentials)
    replace(functions, "execution_credentials", execution_credentials)
