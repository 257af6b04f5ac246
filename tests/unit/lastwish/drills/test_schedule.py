"""A day of surprises follows from its seed."""

from itertools import islice

from lastwish.drills.catalogue import DRILLS
from lastwish.drills.schedule import Planned, plan


def first(count: int, seed: int) -> list[Planned]:
    return list(islice(plan(DRILLS, seed, 300), count))


def test_the_same_seed_gives_the_same_day_and_another_one_another() -> None:
    assert first(40, seed=7) == first(40, seed=7)
    assert [each.drill for each in first(19, seed=7)] != [each.drill for each in first(19, seed=8)]


def test_every_drill_comes_once_before_any_comes_again() -> None:
    names = [each.drill.name for each in first(2 * len(DRILLS), seed=7)]
    assert sorted(names[: len(DRILLS)]) == sorted(names[len(DRILLS) :]) == sorted(drill.name for drill in DRILLS)


def test_the_pauses_are_as_long_as_asked_on_average_and_none_can_be_foreseen() -> None:
    pauses = [each.wait for each in first(400, seed=7)]
    assert 150 <= min(pauses) < 160
    assert 440 < max(pauses) <= 450
    assert 290 < sum(pauses) / len(pauses) < 310
