"""Check whether the parts of a running stack work."""

from lastwish.aws.clients import engine_client, plain_errors
from lastwish.local import network
from lastwish.local.agent import process as agent_process
from lastwish.local.engine import process as engine
from lastwish.local.proxy import process as proxy_process
from lastwish.local.state import OPTIONAL, Home, State


def health(home: Home, state: State) -> dict[str, str]:
    """Return "ok" for each part that works, else what is wrong with it."""
    parts = {name: _process(home, state, name) for name in state.processes}
    works = {words for name, words in parts.items() if name not in OPTIONAL} == {"ok"}
    parts["api"] = proxy_process.health(state.url) if works else "not checked: the engine or the proxy does not work"
    if works:
        parts["resources"] = ", ".join([*missing_tables(state), *_disabled_consumers(state)]) or "ok"
    if state.lan:
        parts["lan"] = _lan(state.lan)
    return parts


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


def _process(home: Home, state: State, name: str) -> str:
    if not state.processes[name].alive():
        return f"is dead (see {home.log(name)})"
    match name:
        case "engine":
            answers = engine.answers(state.aws)
        case "agent":
            answers = agent_process.answers(state.traces)
        case _:
            answers = proxy_process.answers(state.url)
    return "ok" if answers else "does not answer"


def _lan(url: str) -> str:
    if not network.is_present(url):
        return (
            f"{url} is gone: this machine lost that network (`lastwish down`, then `lastwish up --lan` finds another)"
        )
    return "ok" if proxy_process.answers(url) else "does not answer"
