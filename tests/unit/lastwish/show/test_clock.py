"""The clock of a show counts down, and stands still when it is told to."""

from typing import Any

import pytest

from lastwish.show.clock import Clock, minutes
from lastwish.show.sheet import Show


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


CUES: list[dict[str, Any]] = [
    {"name": n, "title": n, "say": n, "minutes": m} for n, m in (("a", 1), ("b", 2), ("c", 4))
]
SHOW = Show(title="A talk", cues=CUES)  # type: ignore[arg-type] # pydantic reads dicts


def test_it_counts_down_this_cue_and_the_show() -> None:
    clock = Clock(SHOW, now=(hands := Hands()))
    clock.begin(1)
    hands.seconds += 30
    assert (clock.left, clock.left_of_show) == (90, 90 + 240)


def test_a_late_cue_has_less_than_nothing_left() -> None:
    clock = Clock(SHOW, now=(hands := Hands()))
    hands.seconds += 75
    assert clock.left == -15
    assert clock.left_of_show == -15 + 360


def test_while_it_is_paused_no_time_passes() -> None:
    clock = Clock(SHOW, now=(hands := Hands()))
    hands.seconds += 10
    clock.toggle()
    hands.seconds += 1000
    assert clock.is_paused
    assert clock.left == 50
    clock.toggle()
    hands.seconds += 10
    assert clock.left == 40


def test_the_next_cue_ends_a_pause() -> None:
    clock = Clock(SHOW, now=(hands := Hands()))
    clock.toggle()
    clock.begin(2)
    hands.seconds += 60
    assert not clock.is_paused
    assert clock.left == 180


def test_a_fast_rehearsal_takes_less_time() -> None:
    clock = Clock(SHOW, speed=10, now=(hands := Hands()))
    hands.seconds += 6
    assert clock.left == 0


@pytest.mark.parametrize(
    ("seconds", "words"), [(65, "1:05"), (0.4, "0:00"), (-12, "-0:12"), (-0.2, "0:00"), (600, "10:00")]
)
def test_times_are_read_at_a_glance(seconds: float, words: str) -> None:
    assert minutes(seconds) == words
