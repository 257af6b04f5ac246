"""The local engine with nothing on it: no stack, no proxy, no agent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lastwish.aws.clients import Endpoint
from lastwish.local.door import new_key
from lastwish.local.engine import process as engine
from lastwish.local.processes import ProcessId, stop
from lastwish.local.state import Home, State

NOWHERE = "127.0.0.1:1"  # what a function tells the agent is lost there


@contextmanager
def engine_alone(path: Path) -> Iterator[tuple[Home, Endpoint]]:
    """Start it in a directory of its own, which says that it runs."""
    home = Home(path)
    home.create()
    state = State(f"http://{NOWHERE}/", key=new_key(), xray=f"http://{NOWHERE}", daemon=NOWHERE)
    process, url = engine.start(state, home)
    try:
        endpoint = Endpoint(url, state.key)
        engine.wait_until_ready(process, endpoint, home)
        home.save(replace(state, engine=url, ready=True))
        yield home, endpoint
    finally:
        stop(ProcessId.of(process.pid))
        process.wait()
