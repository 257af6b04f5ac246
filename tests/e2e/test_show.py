"""A show, performed by the machine and by keys: what it breaks it mends, and what is not seen fails it."""

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import psutil
import pytest

from lastwish.local import faults, stage
from lastwish.local.state import Home
from tests.support import ROOT
from tests.support.laptop import Laptop, Stack, wait_until

INCIDENT = ROOT / "shows" / "incident.yaml"
FAST = ("--auto", "--no-phones", "--speed", "1000", "--json")


def begin(stack: Stack) -> None:
    for command in (["reset"], ["reset", "--measurements"]):
        assert stack.run(*command).returncode == 0


@pytest.fixture(scope="module")
def checked(stack: Stack) -> Iterator[Stack]:
    """The shared stack as at the beginning of an evening, for tests that leave it so; measured anew after all."""
    begin(stack)
    yield stack
    assert stack.run("reset", "--measurements").returncode == 0


@pytest.fixture
def clean(checked: Stack) -> Stack:
    """The same for a test that comes after others, which change it."""
    begin(checked)
    return checked


def sheet(tmp_path: Path, *cues: dict[str, Any]) -> str:
    """Write a cue sheet with these cues; what every cue needs is given."""
    file = tmp_path / "sheet.yaml"
    made = [{"name": f"cue-{n}", "title": "A cue", "minutes": 1, "say": "Hello."} | cue for n, cue in enumerate(cues)]
    file.write_text(json.dumps({"title": "A talk", "cues": made}))  # JSON is YAML
    return str(file)


def said(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_incident_is_ready_to_be_performed(checked: Stack) -> None:
    done = checked.run("show", str(INCIDENT), "--check", "--no-phones", "--json")
    assert done.returncode == 0, done.stdout
    assert said(done)["minutes"] == 15


def test_a_hall_needs_phones(stack: Stack) -> None:
    done = stack.run("show", str(INCIDENT), "--check", "--json")
    assert done.returncode == 1
    assert {"phones", "wall"} <= {each["name"] for each in said(done)["checks"] if not each["ok"]}


@pytest.mark.parametrize(
    ("cue", "check", "words"),
    [
        ({"drill": "worker-naps"}, "drills", "worker-naps"),
        ({"vote": {"choices": {"store-refuses": {"en": "A"}, "no-such": {"en": "B"}}}}, "drills", "no-such"),
        ({"drill": "venue-wifi"}, "drills", "made of no faults"),
        ({"see": [{"what": "it rings", "alarm": "no-such-alarm"}]}, "alarms", "no-such-alarm"),
    ],
)
def test_a_name_that_does_not_exist_is_found_before_the_show(
    checked: Stack, tmp_path: Path, cue: dict[str, Any], check: str, words: str
) -> None:
    done = checked.run("show", sheet(tmp_path, cue), "--check", "--no-phones", "--json")
    assert done.returncode == 1
    (wrong,) = [each for each in said(done)["checks"] if not each["ok"]]
    assert wrong["name"] == check
    assert words in wrong["advice"]


def test_a_wrong_sheet_is_refused_with_its_line(laptop: Laptop, tmp_path: Path) -> None:
    done = laptop.run("show", sheet(tmp_path, {"sing": "la"}), "--check")
    assert done.returncode == 2
    assert "line 1, cue cue-0, sing: there is no such key" in done.stderr


def test_the_machine_performs_what_breaks_and_is_mended(clean: Stack, tmp_path: Path) -> None:
    calm: dict[str, Any] = {
        "load": {"wishes": 6, "over": 2},
        "see": [{"what": "they board", "wishes": "boarded", "at_least": 6, "within": 120}],
    }
    vote = {"vote": {"choices": {"store-refuses": {"en": "A"}, "sqs-refuses": {"en": "B"}}, "seconds": 5}}
    broken: dict[str, Any] = {
        "drill": "voted",
        "load": {"wishes": 30, "over": 20, "seed": 2},
        "see": [{"what": "the alarm", "alarm": "voted", "within": 180}, {"what": "people look up"}],
        "reset": ["faults", "retry"],
    }
    mended: dict[str, Any] = {"finale": True, "see": [{"what": "nothing is lost", "audit": "ok", "within": 240}]}
    done = clean.run("show", sheet(tmp_path, calm, vote, broken, mended), *FAST)
    assert (done.returncode, said(done)) == (0, {"ok": True, "missed": []}), done.stderr
    assert faults.active(clean.endpoint) == []
    assert stage.read(Home(clean.home)) is None


def test_a_second_show_on_a_stack_sends_wishes_of_its_own(clean: Stack, tmp_path: Path) -> None:
    seen = {"what": "they board", "wishes": "boarded", "at_least": 3, "within": 60}
    talk = sheet(tmp_path, {"load": {"wishes": 3, "over": 1}, "see": [seen]})
    for _ in range(2):
        assert clean.run("show", talk, *FAST).returncode == 0


def test_a_show_is_refused_while_a_drill_or_another_show_runs(clean: Stack, tmp_path: Path) -> None:
    talk = sheet(tmp_path, {})
    with Home(clean.home).breaking():
        done = clean.run("show", talk, *FAST)
    assert done.returncode == 1
    assert "a drill or a show runs on this stack already" in done.stdout
    assert clean.run("show", talk, *FAST).returncode == 0


def test_what_is_not_seen_fails_the_dry_run_by_its_cue(clean: Stack, tmp_path: Path) -> None:
    unseen = {"see": [{"what": "a miracle", "metric": "worker Miracle", "within": 2}]}
    done = clean.run("show", sheet(tmp_path, unseen, {}), *FAST)
    assert done.returncode == 1
    assert said(done)["missed"] == ["cue cue-0, not seen: a miracle"]


def test_without_a_terminal_nobody_can_press_a_key(clean: Stack, tmp_path: Path) -> None:
    done = clean.run("show", sheet(tmp_path, {}), "--no-phones")
    assert done.returncode == 2
    assert "--auto" in done.stderr


@contextmanager
def performed(stack: Stack, file: str) -> Iterator["subprocess.Popen[str]"]:
    """A show that the machine performs. At the end it is over, and what it broke is mended."""
    show = stack.laptop.start("show", file, "--auto", "--no-phones")
    try:
        yield show
    finally:
        show.terminate()
        show.communicate(timeout=60)
        faults.end(stack.endpoint)


def test_a_show_that_is_killed_leaves_no_fault_behind(clean: Stack, tmp_path: Path) -> None:
    with performed(clean, sheet(tmp_path, {"drill": "store-refuses"})) as show:
        assert wait_until(lambda: faults.active(clean.endpoint))
        psutil.Process(show.pid).kill()
        show.communicate()
        assert wait_until(lambda: not faults.active(clean.endpoint))


def test_a_show_that_is_interrupted_mends_at_once(clean: Stack, tmp_path: Path) -> None:
    with performed(clean, sheet(tmp_path, {"drill": "store-refuses"})) as show:
        assert wait_until(lambda: faults.active(clean.endpoint))
        show.terminate()
        _, words = show.communicate(timeout=60)
        assert (show.returncode, faults.active(clean.endpoint)) == (130, []), words


class Presenter:
    """A show that runs in a terminal, and who presses its keys. At its end nothing is broken and the wall is back."""

    def __init__(self, stack: Stack, file: str) -> None:
        self.home = Home(stack.home)
        self.keys, terminal = pty.openpty()
        command, env = stack.laptop.command("show", file, "--no-phones")
        self.process = subprocess.Popen(command, env=env, stdin=terminal, stdout=terminal, stderr=terminal)
        os.close(terminal)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.view.get("blank"):
            self.press("x")
            wait_until(lambda: not self.view.get("blank"))
        self.process.terminate()  # the show mends what it broke
        try:
            self.process.wait(60)
        finally:
            self.process.kill()
            os.close(self.keys)

    def press(self, key: str) -> None:
        os.write(self.keys, key.encode())

    @property
    def view(self) -> dict[str, Any]:
        """What is on the presenter's page."""
        found: dict[str, Any] = (stage.read(self.home) or {}).get("show") or {}
        return found


def test_keys_pause_skip_and_go_on_and_panic_blanks_the_wall(clean: Stack, tmp_path: Path) -> None:
    file = sheet(tmp_path, {"drill": "store-refuses"}, {"title": "Left out"}, {"title": "The last"})
    feed = f"{clean.url}wishes?after=latest"
    with Presenter(clean, file) as presenter:
        assert wait_until(lambda: presenter.view and faults.active(clean.endpoint))
        presenter.press("p")
        assert wait_until(lambda: presenter.view["paused"])
        presenter.press("x")
        assert wait_until(lambda: presenter.view["blank"] and httpx.get(feed, trust_env=False).json()["blank"])
        assert wait_until(lambda: not faults.active(clean.endpoint))
        presenter.press("x")
        assert wait_until(lambda: not httpx.get(feed, trust_env=False).json()["blank"])
        presenter.press("s")
        assert wait_until(lambda: presenter.view["next"] == "The last")
        stage.order(presenter.home, "next")  # by the button of the presenter's page
        assert wait_until(lambda: presenter.view["cue"]["title"] == "The last")
        presenter.press("q")
        assert presenter.process.wait(60) == 0


def test_an_evening_is_recorded_without_what_was_erased_and_played_again(clean: Stack, tmp_path: Path) -> None:
    tape = tmp_path / "evening.jsonl"
    kept, erased = (
        json.loads(clean.run("submit", text, "--to", "mars", "--json").stdout)["wish_id"]
        for text in ("Feed the cat", "Nobody may read this")
    )
    assert clean.run("erase", erased, "--yes").returncode == 0
    recorded = said(clean.run("record", str(tape), "--json"))
    assert recorded["wishes"] == 1
    assert tape.stat().st_mode & 0o777 == 0o600
    assert "Feed the cat" in tape.read_text()
    assert "Nobody" not in tape.read_text()
    assert clean.run("reset").returncode == 0
    for _ in range(2):  # the second time it is the same wish
        played = clean.run("play", str(tape), "--speed", "10", "--json")
        assert (played.returncode, said(played)["accepted"]) == (0, 1), played.stderr
    assert wait_until(lambda: len(clean.stored()) == 1)
    assert clean.stored() != [kept]
