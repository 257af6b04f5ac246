"""`lastwish load` against the real template: every accepted wish is facts again, also after Ctrl-C."""

import json
import signal
import time
from csv import DictReader
from pathlib import Path
from typing import Any

import psutil
import pytest

from lastwish.local.proxy.ledger import promised
from tests.support.laptop import Laptop, Stack, wait_until


@pytest.fixture
def clean(stack: Stack) -> Stack:
    """Return the shared stack without the wishes of other tests, which the audit would count."""
    assert stack.run("reset").returncode == 0
    return stack


def load(stack: Stack, *args: str) -> dict[str, Any]:
    done = stack.run("load", "--json", *args)
    assert done.returncode == 0, done.stdout + done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def test_every_accepted_wish_of_a_spike_boards_and_is_audited(clean: Stack, tmp_path: Path) -> None:
    report, csv = tmp_path / "report.html", tmp_path / "requests.csv"
    options = ("--shape", "spike", "--wishes", "150", "--over", "5", "--seed", "7")
    facts = load(clean, *options, "--report", str(report), "--csv", str(csv))
    assert facts["audit_ok"]
    assert (facts["sent"], facts["accepted"], facts["given_up"], facts["unexpected"]) == (150, 150, 0, {})
    assert facts["boarded"] + facts["waitlisted"] + facts["rejected"] == 150
    assert (facts["followed"], facts["unfinished"]) == (150, 0)
    assert facts["audit"]["accepted"] == 150
    for name in ("http_ms", "boarded_ms"):
        assert 0 < facts[name]["p50"] <= facts[name]["p95"] <= facts[name]["p99"]
    assert {"sender", "cli", "engine", "proxy"} <= facts["cpu"].keys()
    assert facts["report"] == str(report)
    assert "<svg" in report.read_text()
    assert len(csv.read_text().splitlines()) == 151


def test_duplicates_are_one_wish_and_malformed_wishes_are_refused(clean: Stack) -> None:
    shares = {"duplicates": "0.2", "hostile": "0.1", "oversized": "0.05", "malformed": "0.1"}
    options = [word for name, share in shares.items() for word in (f"--{name}", share)]
    facts = load(clean, "--shape", "wave", "--wishes", "100", "--over", "5", "--seed", "11", *options)
    assert facts["audit_ok"]
    assert facts["unexpected"] == {}
    assert (facts["accepted"], facts["duplicates"]) == (65, 20)
    assert facts["refused"].pop("413") == 5
    assert sum(facts["refused"].values()) == 10
    assert facts["boarded"] + facts["waitlisted"] + facts["rejected"] == 65


def test_after_ctrl_c_the_load_is_still_reported(clean: Stack, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    running = clean.laptop.start("load", "--wishes", "3000", "--over", "300", "--json", "--report", str(report))
    ledger = clean.home / "ledger.jsonl"
    assert wait_until(lambda: len(promised(ledger)) > 20)
    running.send_signal(signal.SIGINT)
    out, errors = running.communicate(timeout=120)
    assert running.returncode == 130, errors
    facts = json.loads(out)
    assert facts["interrupted"]
    assert facts["audit_ok"]
    assert 20 < facts["sent"] < 2000
    assert facts["accepted"] == facts["audit"]["accepted"]
    assert facts["boarded"] + facts["waitlisted"] + facts["rejected"] == facts["accepted"]
    assert report.exists()


def test_a_load_whose_sender_is_killed_is_still_audited_and_reported(clean: Stack, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    running = clean.laptop.start("load", "--wishes", "3000", "--over", "300", "--json", "--report", str(report))
    ledger = clean.home / "ledger.jsonl"
    assert wait_until(lambda: len(promised(ledger)) > 20)
    for child in psutil.Process(running.pid).children():
        child.kill()
    out, errors = running.communicate(timeout=120)
    facts = json.loads(out)
    assert running.returncode == 1, errors
    assert facts["failures"] == ["the sender died with exit code -9"]
    assert facts["audit_ok"]
    assert facts["audit"]["accepted"] >= facts["accepted"] > 10
    assert "The sender died" in report.read_text()


def test_a_second_ctrl_c_ends_a_sender_that_does_not_react(clean: Stack, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    running = clean.laptop.start("load", "--wishes", "3000", "--over", "300", "--json", "--report", str(report))
    ledger = clean.home / "ledger.jsonl"
    assert wait_until(lambda: len(promised(ledger)) > 20)
    [sender] = psutil.Process(running.pid).children()
    sender.suspend()
    while sender.is_running():
        running.send_signal(signal.SIGINT)
        time.sleep(1)
    out, errors = running.communicate(timeout=120)
    facts = json.loads(out)
    assert running.returncode == 130, errors
    assert facts["failures"] == ["the sender was killed: a second Ctrl-C"]
    assert facts["accepted"] > 10
    assert report.exists()


def test_the_same_seed_gives_the_same_load_and_the_report_of_the_second_says_so(clean: Stack, tmp_path: Path) -> None:
    sent = []
    for run in ("first", "second"):
        csv = tmp_path / run
        options = ("--wishes", "20", "--over", "1", "--seed", "5", "--duplicates", "0.2", "--csv", str(csv))
        facts = load(clean, *options, "--report", str(tmp_path / "report.html"))
        with csv.open() as file:
            rows = [(row["n"], row["at"], row["key"], row["wish_id"]) for row in DictReader(file)]
        sent.append((facts["digest"], rows))
    assert sent[0] == sent[1]
    assert len(rows) == 20
    assert (facts["older"], facts["accepted"]) == (16, 16)
    assert "the same seed was sent to this stack before" in (tmp_path / "report.html").read_text()


def test_report_and_csv_must_be_two_files_that_can_be_written(laptop: Laptop, tmp_path: Path) -> None:
    for files in (("--report", "x", "--csv", "./x"), ("--csv", "/proc/x"), ("--report", str(tmp_path))):
        done = laptop.run("load", *files)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "x").exists()


def test_without_a_stack_the_load_is_refused(laptop: Laptop) -> None:
    done = laptop.run("load", "--json")
    assert done.returncode == 1
    assert "nothing is running" in json.loads(done.stdout)["error"]


@pytest.mark.parametrize(
    "options", [("--stack", "elsewhere"), ("--stack", "http://127.0.0.1:80/"), ("--wishes", "30000")]
)
def test_an_unconfirmed_stack_a_url_and_too_many_wishes_are_refused(laptop: Laptop, options: tuple[str, ...]) -> None:
    done = laptop.run("load", "--json", *options)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]
