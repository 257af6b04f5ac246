"""When a drill has failed, and what it says was missing."""

from dataclasses import replace

import pytest

from lastwish.drills.catalogue import find
from lastwish.drills.result import Seen, judge
from lastwish.maintenance.audit import Report
from lastwish.maintenance.difference import Difference

DRILL = find("store-throttles")
GOOD = Report(accepted=9, stored=9, in_flight=0, dead_lettered=0, unpromised=0, unknown_ends=0, dead_letters=0)
WELL = Seen(symptom_s=3.0, rung={"store-throttles": 6.0}, recovered_s=2.0, audit=GOOD)
LOST = replace(GOOD, stored=8, differences=[Difference("missing", "a-wish", "answered 202 and nowhere to be found")])


def test_a_drill_with_its_symptom_its_alarm_and_a_good_audit_has_passed() -> None:
    result = judge(DRILL, WELL)
    assert (result.ok, result.alarm, result.alarm_s, result.others, result.lost) == (True, "store-throttles", 6, [], 0)
    assert "passed" in result.lines()[0]


@pytest.mark.parametrize(
    ("seen", "missing"),
    [
        (replace(WELL, rung={}), "the alarm store-throttles did not ring"),
        (
            replace(WELL, rung=WELL.rung | {"sold-out": 4.0}),
            "the alarm sold-out rang after 4 s, which is not its fault",
        ),
        (replace(WELL, unseen=("a log line",), symptom_s=None), "its symptom did not show: a log line"),
        (replace(WELL, recovered_s=None), "it did not recover: a new wish did not board, or wishes still wait"),
        (replace(WELL, audit=LOST), "the audit: missing a-wish: answered 202 and nowhere to be found"),
        (replace(WELL, audit=None), "there was no audit"),
    ],
)
def test_a_drill_fails_and_says_what_was_missing(seen: Seen, missing: str) -> None:
    result = judge(DRILL, seen)
    assert not result.ok
    assert result.missing == [missing]
    assert missing in "\n".join(result.lines())


def test_a_lost_wish_is_counted() -> None:
    assert judge(DRILL, replace(WELL, audit=LOST)).lost == 1


def test_a_related_alarm_may_ring() -> None:
    result = judge(DRILL, replace(WELL, rung=WELL.rung | {"hot-destination": 5.0}))
    assert (result.ok, result.related, result.others) == (True, ["hot-destination"], [])


def test_a_mode_without_an_alarm_passes_in_silence_only() -> None:
    drill = find("venue-wifi")
    assert judge(drill, replace(WELL, rung={})).ok
    assert judge(drill, WELL).others == ["store-throttles"]
