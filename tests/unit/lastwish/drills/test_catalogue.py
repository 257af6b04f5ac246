"""A drill for each failure mode, whose alarm is one of the mode's and exists on the laptop."""

import pytest

from lastwish.drills.catalogue import DRILLS, find
from lastwish.drills.drill import Drill
from lastwish.errors import UsageError
from observability.alarms import ALARMS
from observability.burn import composites
from observability.failures import CATALOGUE

# Modes without an alarm: their drills show the symptom, and that nothing else rings.
SILENT = {"venue-wifi"}
HERE = {alarm.name for alarm in ALARMS if not alarm.on_aws} | {alarm.name for alarm in composites()}

each_drill = pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)


def test_every_mode_has_one_drill() -> None:
    assert sorted(drill.name for drill in DRILLS) == sorted(mode.name for mode in CATALOGUE)


def test_only_modes_without_an_alarm_here_have_none_and_say_why() -> None:
    assert {drill.name for drill in DRILLS if drill.alarm is None} == SILENT
    assert {drill.name for drill in DRILLS if drill.why_no_alarm} == SILENT
    assert not any(HERE & set(find(name).mode.alarms) for name in SILENT)


@each_drill
def test_the_alarm_of_a_drill_is_its_modes_and_exists_on_the_laptop(drill: Drill) -> None:
    assert drill.alarm is None or drill.alarm in HERE & set(drill.mode.alarms)


@each_drill
def test_a_drill_breaks_something_or_sends_what_does(drill: Drill) -> None:
    assert drill.faults or drill.act or drill.load.kind != "ordinary" or drill.load.copies > 1


@each_drill
def test_a_drill_has_a_symptom_and_its_hints_end_with_its_name(drill: Drill) -> None:
    assert drill.symptoms
    assert drill.name in drill.hints[-1]
    assert not any(drill.name in hint for hint in drill.hints[:3])


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"no drill 'store'.*store-throttles"):
        find("store")
