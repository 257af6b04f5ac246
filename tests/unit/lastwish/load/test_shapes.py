"""Send times of the shapes."""

from itertools import pairwise

import pytest

from lastwish.load.shapes import SHAPES, send_times

WISHES, OVER = 20_000, 60.0


def shares(shape: str, parts: int) -> list[float]:
    """Return the share of all wishes in each of so many equal parts of the time."""
    times = send_times(shape, WISHES, OVER, seed=1)
    return [sum(part <= time * parts / OVER < part + 1 for time in times) / WISHES for part in range(parts)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("wishes", [1, 2, 7, 300, 3001])
def test_every_shape_has_exactly_the_number_of_wishes_within_the_time(shape: str, wishes: int) -> None:
    times = send_times(shape, wishes, 30.0, seed=5)
    assert len(times) == wishes
    assert times == sorted(times)
    assert all(0 <= time < 30 for time in times)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_times_follow_from_the_seed(shape: str) -> None:
    assert send_times(shape, 100, 10.0, seed=3) == send_times(shape, 100, 10.0, seed=3)
    assert send_times(shape, 100, 10.0, seed=3) != send_times(shape, 100, 10.0, seed=4)


def test_steady_is_the_same_rate_all_the_time() -> None:
    assert shares("steady", 10) == pytest.approx([0.1] * 10, abs=0.01)


def test_steady_arrivals_are_a_poisson_process() -> None:
    times = send_times("steady", WISHES, OVER, seed=1)
    gaps = [(later - sooner) * WISHES / OVER for sooner, later in pairwise(times)]
    assert sum(gap > 1 for gap in gaps) / len(gaps) == pytest.approx(0.368, abs=0.02)  # e to the -1


def test_ramp_grows_evenly_from_nothing() -> None:
    assert shares("ramp", 4) == pytest.approx([1 / 16, 3 / 16, 5 / 16, 7 / 16], abs=0.01)


def test_spike_has_four_fifths_in_the_first_tenth_and_a_tail_to_the_end() -> None:
    tenths = shares("spike", 10)
    assert tenths[0] == pytest.approx(0.8, abs=0.01)
    assert tenths[-1] > 0
    assert tenths[1] > tenths[2] > tenths[4]


def test_wave_swings_three_times_between_a_tenth_and_nearly_double() -> None:
    rates = [60 * share for share in shares("wave", 60)]
    low, high = min(rates), max(rates)
    assert low < 0.3
    assert high == pytest.approx(1.8, abs=0.2)
    for period in range(3):
        assert max(rates[20 * period : 20 * period + 20]) == pytest.approx(high, abs=0.2)
        assert rates[20 * period + 9] > rates[20 * period + 5] > rates[20 * period]
