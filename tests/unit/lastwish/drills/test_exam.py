"""An exam: hints, wrong answers, the right one, and the certificate."""

import io
import os
from collections.abc import Callable

import pytest

from lastwish.drills.catalogue import DRILLS, find
from lastwish.drills.exam import LONGEST, Exam, Hints
from lastwish.drills.result import Seen, failed, judge
from lastwish.polling import wait_until

DRILL = find("sqs-refuses")


@pytest.fixture
def sit() -> Callable[..., tuple[Exam, list[str]]]:
    """An exam whose candidate types these lines; and what was told."""

    def run(*typed: str) -> tuple[Exam, list[str]]:
        told: list[str] = []
        hints = Hints(DRILL, io.StringIO("\n".join(typed) + "\n"), told.append)
        exam = Exam(hints, frozenset(each.name for each in DRILLS))
        assert wait_until(lambda: not exam.goes_on(90.0), 5, 0.01)
        return exam, told

    return run


def test_hints_come_one_after_the_other_and_are_counted(sit: Callable[..., tuple[Exam, list[str]]]) -> None:
    exam, told = sit("hint", "hint", "sqs-refuses")
    assert (exam.found, exam.facts()["hints"]) == (True, 2)
    assert [line.partition(": ")[2] for line in told] == list(DRILL.hints[:2])


def test_what_is_typed_after_a_drill_is_heard_in_the_next_one() -> None:
    read, write = os.pipe()
    source = os.fdopen(read)  # stays open, like a terminal
    hints = [Hints(DRILL, source, print) for _ in range(2)]
    with os.fdopen(write, "w") as keyboard:
        for typed in (1, 2, 3):
            print("hint", file=keyboard, flush=True)
            assert wait_until(lambda: not hints[1].listen() and hints[1].used == typed, 5, 0.01)  # noqa: B023


def test_wrong_answers_are_noted_and_what_is_no_answer_is_explained(sit: Callable[..., tuple[Exam, list[str]]]) -> None:
    exam, told = sit("store refuses", "it is dns", "SQS-refuses")
    assert (exam.found, exam.wrong) == (True, ["store-refuses"])
    assert told[0] == "store-refuses: no, that is not it"
    assert {each.name for each in DRILLS} <= set(told[1].replace(",", "").split())


def test_who_gives_up_has_not_found_it(sit: Callable[..., tuple[Exam, list[str]]]) -> None:
    exam, _ = sit("give up")
    assert exam.facts()["found"] is False
    assert "not found in" in "\n".join(exam.certificate(failed(DRILL, "no")))


def test_the_certificate_says_what_was_found_with_what_help(sit: Callable[..., tuple[Exam, list[str]]]) -> None:
    exam, _ = sit("hint", "slow-parser", "sqs-refuses")
    exam.seconds = 90.0
    text = "\n".join(exam.certificate(judge(DRILL, Seen(rung={"inbox-refuses": 4.0}))))
    assert "SQS refuses (sqs-refuses): found after 1.5 minutes, with 1 of 5 hints" in text
    assert "wrong answers before: slow-parser" in text
    assert "inbox-refuses" in text


def test_an_exam_has_an_end() -> None:
    exam = Exam(Hints(DRILL, io.StringIO(), print), frozenset())
    assert exam.goes_on(60.0)
    assert not exam.goes_on(LONGEST + 1)
    assert not exam.found
