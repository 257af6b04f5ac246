"""Whether the parts of a running stack do their work."""

from lastwish.local import lan, proxy_process
from lastwish.local.agent import process as agent_process
from lastwish.local.engine import process as engine
from lastwish.local.state import OPTIONAL, Home, State


def health(home: Home, state: State) -> dict[str, str]:
    """ "ok" for each part that does its work, else in words what is wrong with it."""
    found = {name: _part(home, state, name) for name in state.processes}
    needed = {words for name, words in found.items() if name not in OPTIONAL}
    found["api"] = proxy_process.health(state.url) if needed == {"ok"} else "cannot be asked"
    if state.lan:
        found["lan"] = _lan(state.lan)
    return found


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
