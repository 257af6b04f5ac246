"""Whether the parts of a running stack do their work."""

from lastwish.aws.clients import engine_client, plain_errors
from lastwish.local import lan
from lastwish.local.agent import process as agent_process
from lastwish.local.engine import process as engine
from lastwish.local.proxy import process as proxy_process
from lastwish.local.state import OPTIONAL, Home, State


def health(home: Home, state: State) -> dict[str, str]:
    """ "ok" for each part that does its work, else in words what is wrong with it."""
    found = {name: _part(home, state, name) for name in state.processes}
    needed = {words for name, words in found.items() if name not in OPTIONAL}
    found["api"] = proxy_process.health(state.url) if needed == {"ok"} else "cannot be asked"
    if needed == {"ok"}:
        found["resources"] = ", ".join([*deleted(state), *_paused(state)]) or "ok"
    if state.lan:
        found["lan"] = _lan(state.lan)
    return found


def deleted(state: State) -> list[str]:
    """The stack's tables that somebody has deleted. Raises AwsError."""
    with plain_errors():
        there = engine_client("dynamodb", state.engine).list_tables()["TableNames"]
    return [f"table {name} is gone" for name in tables(state) if name not in there]


def _paused(state: State) -> list[str]:
    with plain_errors():
        found = engine_client("lambda", state.engine).list_event_source_mappings()["EventSourceMappings"]
    return [f"{each['FunctionArn'].rpartition(':')[2]} takes nothing" for each in found if each["State"] != "Enabled"]


def tables(state: State) -> list[str]:
    """The stack's tables."""
    return [value for name, value in state.outputs.items() if name.endswith("Name")]


def _part(home: Home, state: State, name: str) -> str:
    if not state.processes[name].alive():
        return f"is dead (see {home.log(name)})"
    match name:
        case "engine":
            answers = engine.answers(state.engine)
        case "agent":
            answers = agent_process.answers(state.xray)
        case _:
            answers = proxy_process.answers(state.url)
    return "ok" if answers else "does not answer"


def _lan(url: str) -> str:
    if not lan.present(url):
        return f"{url} is gone: this machine lost that network (a new address takes `lastwish down` and another `up`)"
    return "ok" if proxy_process.answers(url) else "does not answer"
