"""Every number of a report."""

import math

import pytest

from lastwish.load import figures
from tests.support.runs import result


def test_latency_is_timed_from_the_intended_send() -> None:
    waited = result(at=1.0, sent=4.0, done=4.5)
    assert figures.latency_ms(waited) == 3500
    assert figures.late_ms(waited) == 3000
    assert figures.first_try_ms(waited) == 500


def test_a_stall_is_in_the_percentiles_of_all_who_came_while_it_lasted() -> None:
    stalled = [result(n, at=n / 10, done=max(n / 10 + 0.02, 7.0 if n >= 40 else 0)) for n in range(100)]
    found = figures.percentiles(map(figures.latency_ms, stalled))
    assert found["p50"] == pytest.approx(20, abs=1)
    assert found["p95"] > 2400
    times = figures.over_time([each.at for each in stalled], stalled)
    at, worst = times.worst()
    assert worst == pytest.approx(3000, abs=20)
    assert at == pytest.approx(4.1, abs=0.2)


def test_retries_are_in_the_latency_and_counted_apart() -> None:
    again = result(at=0.0, sent=0.0, first_done=0.05, done=2.0, tries=3, again_for=["503", "timeout"])
    assert figures.latency_ms(again) == 2000
    assert figures.first_try_ms(again) == 50
    assert figures.counts([again]).retried == 1
    assert figures.counts([again]).tries == 3
    assert figures.troubles([again]) == {"503": (1, 0), "timeout": (1, 0)}


def test_a_stall_shows_in_its_tenth_of_the_plan() -> None:
    stalled = [result(n, at=n / 10, took=3.0 if 40 <= n < 45 else 0.02) for n in range(80)]
    found = figures.tenths([*stalled, result(at=10.0, took=0.02)], over=10.0)
    assert found[4] == pytest.approx(3000)
    assert found[:4] + found[5:8] == [pytest.approx(20)] * 7
    assert found[8:] == [None, pytest.approx(20)]


def test_percentiles_of_nothing_are_nothing() -> None:
    assert figures.percentiles([]) == {"p50": None, "p95": None, "p99": None}


def test_percentiles_are_of_all_requests() -> None:
    assert figures.percentiles(range(101)) == {"p50": 50.0, "p95": 95.0, "p99": 99.0}


def test_a_duplicate_is_accepted_once() -> None:
    first = result(1)
    found = figures.counts([first, result(2, kind="duplicate", wish_id=first.wish_id), result(3)])
    assert (found.accepted, found.again, found.unexpected) == (2, 1, {})


def test_what_was_meant_to_be_refused_is_no_surprise() -> None:
    found = figures.counts([result(1, kind="oversized", status=413), result(2, kind="malformed", status=422)])
    assert found.refused == {413: 1, 422: 1}
    assert (found.accepted, found.given_up, found.unexpected) == (0, 0, {})


def test_a_wrong_answer_is_one_to_either_side() -> None:
    found = figures.counts(
        [result(1, status=422), result(2, kind="oversized"), result(3, kind="malformed", status=413)]
    )
    assert found.unexpected == {"malformed 413": 1, "ordinary 422": 1, "oversized 202": 1}


@pytest.mark.parametrize("status", [0, 429, 500, 502, 503, 504])
def test_no_answer_and_try_again_to_the_last_are_given_up(status: int) -> None:
    lost = result(1, status=status, error="timeout" if not status else None)
    found = figures.counts([lost])
    assert (found.given_up, found.refused, found.unexpected) == (1, {}, {})
    assert figures.troubles([lost]) == {str(status or "timeout"): (0, 1)}


def test_one_straggler_makes_no_slow_rate() -> None:
    results = [result(n, at=n / 10, took=0.01) for n in range(1, 101)] + [result(200, at=10.0, took=30.0)]
    assert figures.rate(results) == 10.0
    assert figures.rate(results[:1]) == pytest.approx(9.1)
    assert figures.rate([result(1, status=503)]) == figures.rate([]) == 0


def test_the_busiest_five_seconds_are_found_wherever_they_begin() -> None:
    assert figures.busiest([0.0, 8.0, 9.0, 10.0, 11.0, 12.9, 13.0, 20.0]) == 1.0
    assert figures.busiest([0.1]) == 0.2
    assert figures.busiest([]) == 0


def test_what_was_given_up_makes_no_latency_better() -> None:
    results = [result(n, at=0.0, took=1.0) for n in range(99)] + [result(100, at=0.0, took=0.001, status=503)]
    assert figures.tenths(results, over=1.0)[0] == 1000
    assert figures.over_time([0.0] * 100, results).percentiles["p50"][0] == 1000


def test_ids_must_be_as_the_keys_say() -> None:
    first, double, other = result(1, key="a"), result(2, key="a", wish_id="w"), result(3, key="b", wish_id="w")
    assert figures.counts([first, double]).unexpected == {"another wish for the same key": 1}
    assert figures.counts([first, double]).again == 0
    assert figures.counts([double, other]).unexpected == {"one wish for two keys": 1}


def test_shares_of_the_cpu_are_of_all_that_was_measured() -> None:
    assert figures.shares({"sender": 1.0, "engine": 3.0}) == {"sender": 0.25, "engine": 0.75}
    assert figures.shares({}) == {}


def test_over_time_loses_no_wish() -> None:
    results = [result(n, at=n / 7, took=n / 50) for n in range(200)]
    times = figures.over_time([each.at for each in results], results)
    assert sum(times.planned) * times.width == pytest.approx(200)
    assert sum(times.answered) * times.width == pytest.approx(200)


@pytest.mark.parametrize(("seconds", "width"), [(10, 0.25), (60, 1), (300, 5), (600, 10)])
def test_a_long_run_has_no_more_points_than_a_screen_shows(seconds: float, width: float) -> None:
    times = figures.over_time([0.0, seconds], [])
    assert times.width == width
    assert len(times.starts) <= 81


def test_where_nobody_came_there_is_no_latency() -> None:
    times = figures.over_time([0.0, 5.0], [result(at=0.0), result(at=5.0)])
    assert math.isnan(times.percentiles["p99"][10])
    assert figures.over_time([0.0, 5.0], []).worst() is None
