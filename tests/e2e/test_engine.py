"""The engine's process, before anything is deployed to it."""

import socket
from pathlib import Path

import pytest

from lastwish.aws.clients import Endpoint
from lastwish.errors import EngineFailed
from lastwish.local.door import new_key
from lastwish.local.engine import process as engine
from lastwish.local.processes import ProcessId, stop
from lastwish.local.state import Home, State

STATE = State("http://127.0.0.1:1/", key=new_key())


def test_engines_that_start_at_once_have_a_port_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setattr(engine, "USUAL_PORT", free.getsockname()[1])  # another stack may run at the usual one
    homes = [Home(tmp_path / name) for name in ("first", "second")]
    for home in homes:
        home.create()
    started = [(process, Endpoint(url, STATE.key)) for process, url in (engine.start(STATE, home) for home in homes)]
    try:
        for home, (process, endpoint) in zip(homes, started, strict=True):
            engine.wait_until_ready(process, endpoint, home)
        assert len({endpoint for _, endpoint in started}) == 2
        assert [process.poll() for process, _ in started] == [None, None]
    finally:
        for process, _ in started:
            stop(ProcessId.of(process.pid))
            process.wait()


def test_a_folder_of_another_user_for_the_mark_of_x_ray_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.setattr(engine, "XRAY_FOLDER", tmp_path / "link")
    home = Home(tmp_path / "home")
    home.create()

    with pytest.raises(EngineFailed, match="is not yours"):
        engine.start(STATE, home)


def test_a_word_that_is_neither_true_nor_false_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LASTWISH_AUTH", "yes")
    home = Home(tmp_path / "home")
    home.create()

    with pytest.raises(EngineFailed, match="LASTWISH_AUTH is true or false, not yes"):
        engine.start(STATE, home)
