"""Whether the parts of a running stack do their work."""

from lastwish.local import engine, lan, proxy_process
from lastwish.local.state import Home, State


def health(home: Home, state: State) -> dict[str, str]:
    """ "ok" for each part that does its work, else in words what is wrong with it."""
    found = {name: _part(home, state, name) for name in state.processes}
    found["api"] = proxy_process.health(state.url) if set(found.values()) == {"ok"} else "cannot be asked"
    if state.lan:
        found["lan"] = _lan(state.lan)
    return found


def _part(home: Home, state: State, name: str) -> str:
    if not state.processes[name].alive():
        return f"is dead (see {home.log(name)})"
    answers = engine.answers(state.engine) if name == "engine" else proxy_process.answers(state.url)
    return "ok" if answers else "does not answer"


def _lan(url: str) -> str:
    if not lan.present(url):
        return f"{url} is gone: this machine lost that network (a new address takes `lastwish down` and another `up`)"
    return "ok" if proxy_process.answers(url) else "does not answer"
