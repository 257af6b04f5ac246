"""Check whether the parts of a running stack work."""

from lastwish.aws.clients import engine_client, plain_errors
from lastwish.local import network, parts
from lastwish.local.proxy import process as proxy_process
from lastwish.local.state import NEEDED, Home, State


def health(home: Home, state: State) -> dict[str, str]:
    """Return "ok" for each part that works, else what is wrong with it."""
    found = {name: _process(home, state, name) for name in state.processes if name != "network"}
    works = all(found.get(name) == "ok" for name in NEEDED)
    found["api"] = proxy_process.health(state.url) if works else "not checked: the engine or the proxy does not work"
    if works:
        found["resources"] = ", ".join([*missing_tables(state), *_disabled_consumers(state)]) or "ok"
    if state.lan:
        found["lan"] = _lan(home, state)
    return found


def missing_tables(state: State) -> list[str]:
    """Return which of the stack's tables somebody has deleted, in words. Raises AwsError."""
    with plain_errors():
        existing = engine_client("dynamodb", state.aws).list_tables()["TableNames"]
    return [f"table {name} is gone" for name in tables(state) if name not in existing]


def _disabled_consumers(state: State) -> list[str]:
    with plain_errors():
        mappings = engine_client("lambda", state.aws).list_event_source_mappings()["EventSourceMappings"]
    disabled = [mapping["FunctionArn"].rpartition(":")[2] for mapping in mappings if mapping["State"] != "Enabled"]
    return [f"{function} receives nothing: its event source is disabled" for function in disabled]


def tables(state: State) -> list[str]:
    """Return the names of the stack's tables."""
    return [value for name, value in state.outputs.items() if name.endswith("Name")]


def _process(home: Home, state: State, part: str) -> str:
    if not state.runs(part):
        if part == "watcher":
            return "is dead: nothing is started again by itself, until `lastwish up` starts another"
        return f"is dead (see {home.log(part)})"
    return "ok" if parts.answers(part, state) else "does not answer"


def _lan(home: Home, state: State) -> str:
    if not network.is_present(state.lan or ""):
        return f"{state.lan} is gone: this machine lost that network (`lastwish up --lan` moves to another)"
    return _process(home, state, "network")
