"""`lastwish load` against the real template: everything that was accepted is found again, also after Ctrl-C."""

import json
import signal
import time
from csv import DictReader
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.laptop import Laptop, Stack, wait_until


@pytest.fixture
def clean(stack: Stack) -> Stack:
    """Other tests share it, and leave what an audit would find."""
    assert stack.run("reset").returncode == 0
    return stack


def load(stack: Stack, *args: str) -> dict[str, Any]:
    done = stack.run("load", "--json", *args)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_accepted_wish_of_a_spike_boards_and_is_audited(clean: Stack, tmp_path: Path) -> None:
    report, csv = tmp_path / "report.html", tmp_path / "requests.csv"
    options = ("--shape", "spike", "--wishes", "150", "--over", "5", "--seed", "7")
    found = load(clean, *options, "--report", str(report), "--csv", str(csv))
    assert found["audit_ok"]
    assert (found["sent"], found["accepted"], found["given_up"], found["unexpected"]) == (150, 150, 0, {})
    assert found["boarded"] + found["waitlisted"] + found["rejected"] == 150
    assert (found["followed"], found["unfinished"]) == (150, 0)
    assert found["audit"]["accepted"] == 150
    for name in ("http_ms", "boarded_ms"):
        assert 0 < found[name]["p50"] <= found[name]["p95"] <= found[name]["p99"]
    assert {"sender", "cli", "engine", "proxy"} <= found["cpu"].keys()
    assert found["report"] == str(report)
    assert "<svg" in report.read_text()
    assert len(csv.read_text().splitlines()) == 151


def test_duplicates_are_one_wish_and_what_is_broken_is_refused(clean: Stack) -> None:
    shares = {"duplicates": "0.2", "hostile": "0.1", "oversized": "0.05", "malformed": "0.1"}
    options = [word for name, share in shares.items() for word in (f"--{name}", share)]
    found = load(clean, "--shape", "wave", "--wishes", "100", "--over", "5", "--seed", "11", *options)
    assert found["audit_ok"]
    assert found["unexpected"] == {}
    assert (found["accepted"], found["duplicates"]) == (65, 20)
    assert found["refused"].pop("413") == 5
    assert sum(found["refused"].values()) == 10
    assert found["boarded"] + found["waitlisted"] + found["rejected"] == 65


def test_ctrl_c_ends_the_load_and_still_reports(clean: Stack, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    running = clean.laptop.start("load", "--wishes", "3000", "--over", "300", "--json", "--report", str(report))
    ledger = clean.home / "ledger.jsonl"
    assert wait_until(lambda: ledger.exists() and len(ledger.read_text().splitlines()) > 20)
    running.send_signal(signal.SIGINT)
    out, errors = running.communicate(timeout=120)
    assert running.returncode == 130, errors
    found = json.loads(out)
    assert found["interrupted"]
    assert found["audit_ok"]
    assert 20 < found["sent"] < 2000
    assert found["accepted"] == found["audit"]["accepted"]
    assert found["boarded"] + found["waitlisted"] + found["rejected"] == found["accepted"]
    assert report.exists()


def test_a_sender_that_is_killed_takes_nothing_along(clean: Stack, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    running = clean.laptop.start("load", "--wishes", "3000", "--over", "300", "--json", "--report", str(report))
    ledger = clean.home / "ledger.jsonl"
    assert wait_until(lambda: ledger.exists() and len(ledger.read_text().splitlines()) > 20)
    for child in psutil.Process(running.pid).children():
        child.kill()
    out, errors = running.communicate(timeout=120)
    found = json.loads(out)
    assert running.returncode == 1, errors
    assert found["failures"] == ["the sender died with exit code -9"]
    assert found["audit_ok"]
    assert found["audit"]["accepted"] >= found["accepted"] > 10
    assert "The sender died" in report.read_text()


def test_a_second_ctrl_c_ends_a_sender_that_does_not_listen(clean: Stack, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    running = clean.laptop.start("load", "--wishes", "3000", "--over", "300", "--json", "--report", str(report))
    ledger = clean.home / "ledger.jsonl"
    assert wait_until(lambda: ledger.exists() and len(ledger.read_text().splitlines()) > 20)
    [sender] = psutil.Process(running.pid).children()
    sender.suspend()
    while sender.is_running():
        running.send_signal(signal.SIGINT)
        time.sleep(1)
    out, errors = running.communicate(timeout=120)
    found = json.loads(out)
    assert running.returncode == 130, errors
    assert found["failures"] == ["the sender was killed: a second Ctrl-C"]
    assert found["accepted"] > 10
    assert report.exists()


def test_the_same_seed_is_the_same_load_and_says_so_where_it_was_before(clean: Stack, tmp_path: Path) -> None:
    sent = []
    for run in ("first", "second"):
        csv = tmp_path / run
        options = ("--wishes", "20", "--over", "1", "--seed", "5", "--duplicates", "0.2", "--csv", str(csv))
        found = load(clean, *options, "--report", str(tmp_path / "report.html"))
        with csv.open() as file:
            rows = [(row["n"], row["at"], row["key"], row["wish_id"]) for row in DictReader(file)]
        sent.append((found["digest"], rows))
    assert sent[0] == sent[1]
    assert len(rows) == 20
    assert (found["older"], found["accepted"]) == (16, 16)
    assert "the same seed was sent to this stack before" in (tmp_path / "report.html").read_text()


def test_report_and_csv_are_two_files_that_can_be_written(laptop: Laptop, tmp_path: Path) -> None:
    for files in (("--report", "x", "--csv", "./x"), ("--csv", "/proc/x"), ("--report", str(tmp_path))):
        done = laptop.run("load", *files)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "x").exists()


def test_without_a_stack_there_is_nothing_to_load(laptop: Laptop) -> None:
    done = laptop.run("load", "--json")
    assert done.returncode == 1
    assert "nothing is running" in json.loads(done.stdout)["error"]


@pytest.mark.parametrize(
    "options", [("--stack", "elsewhere"), ("--stack", "http://127.0.0.1:80/"), ("--wishes", "30000")]
)
def test_what_may_not_be_loaded_is_refused(laptop: Laptop, options: tuple[str, ...]) -> None:
    done = laptop.run("load", "--json", *options)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]
