"""Drills on the real stack: each finds its symptom and its alarm, and no other; DRILLS=all runs all of them."""

import json
import os
from typing import Any

import pytest

from lastwish.drills.catalogue import DRILLS, find
from lastwish.local import faults
from tests.support.laptop import Stack

FOUR = ("poison-message", "store-throttles", "worker-crash-loop", "html-injection")
CHOSEN = tuple(drill.name for drill in DRILLS) if os.environ.get("DRILLS") == "all" else FOUR


def drilled(stack: Stack, *args: str, typed: str = "") -> tuple[int, Any, str]:
    """Exit code, answer and what was said of `lastwish drill … --json`."""
    done = stack.laptop.run("drill", *args, "--json", typed=typed)
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.mark.parametrize("name", CHOSEN)
def test_a_drill_rings_its_alarm_and_no_other_and_loses_nothing(calm: Stack, name: str) -> None:
    code, answer, said = drilled(calm, name, "--short")
    [result] = answer["drills"]
    assert (code, answer["ok"]) == (0, True), said
    assert (result["name"], result["alarm"]) == (name, find(name).alarm)
    assert (result["others"], result["lost"], result["missing"]) == ([], 0, [])
    assert faults.active(calm.endpoint) == []
    note = json.loads((calm.home / "drill.json").read_text())  # what the chat reads
    assert (note["name"], note["over"].startswith(f"{name}: passed.")) == (name, True)


def test_an_exam_hides_the_name_and_ends_with_a_certificate(calm: Stack) -> None:
    code, answer, said = drilled(calm, "sqs-refuses", "--exam", "--short", typed="hint\nslow-parser\nsqs-refuses\n")
    exam = answer["exam"]
    assert code == 0, said
    assert (exam["found"], exam["hints"], exam["wrong"]) == (True, 1, ["slow-parser"])
    assert answer["drills"][0]["alarm"] == "inbox-refuses"
    assert "sqs-refuses" not in said
    assert json.loads((calm.home / "drill.json").read_text())["name"] == "exam"


def test_a_stack_that_is_not_at_rest_is_refused(calm: Stack) -> None:
    letters = calm.outputs["InboxDlqUrl"]
    calm.aws("sqs").send_message(QueueUrl=letters, MessageBody="{}")
    try:
        code, answer, _ = drilled(calm, "store-throttles", "--short")
    finally:
        calm.aws("sqs").purge_queue(QueueUrl=letters)
    assert code == 1
    assert answer["error"].startswith("1 dead letters wait")


@pytest.mark.parametrize(
    "words", [["store"], ["store-throttles", "--all"], [], ["--all", "--exam"], ["store-throttles", "--for", "soon"]]
)
def test_a_command_line_that_means_nothing_is_refused(calm: Stack, words: list[str]) -> None:
    code, answer, _ = drilled(calm, *words)
    assert code == 2
    assert answer["error"]
