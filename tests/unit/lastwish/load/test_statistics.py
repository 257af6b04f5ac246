"""Numbers of a report."""

import math

import pytest

from lastwish.load import statistics
from tests.support.loads import result


def test_latency_is_timed_from_the_intended_send() -> None:
    waited = result(at=1.0, sent=4.0, done=4.5)
    assert statistics.latency_ms(waited) == 3500
    assert statistics.late_ms(waited) == 3000
    assert statistics.first_try_ms(waited) == 500


def test_a_stall_is_in_the_percentiles_of_all_wishes_that_were_due_meanwhile() -> None:
    stalled = [result(n, at=n / 10, done=max(n / 10 + 0.02, 7.0 if n >= 40 else 0)) for n in range(100)]
    percentiles = statistics.percentiles(map(statistics.latency_ms, stalled))
    assert percentiles["p50"] == pytest.approx(20, abs=1)
    assert percentiles["p95"] > 2400
    series = statistics.time_series([each.at for each in stalled], stalled)
    at, worst = series.worst()
    assert worst == pytest.approx(3000, abs=20)
    assert at == pytest.approx(4.1, abs=0.2)


def test_retries_are_in_the_latency_and_counted_apart() -> None:
    again = result(at=0.0, sent=0.0, first_done=0.05, done=2.0, tries=3, again_for=["503", "timeout"])
    assert statistics.latency_ms(again) == 2000
    assert statistics.first_try_ms(again) == 50
    assert statistics.count_results([again]).retried == 1
    assert statistics.count_results([again]).tries == 3
    assert statistics.problems([again]) == {"503": (1, 0), "timeout": (1, 0)}


def test_a_stall_shows_in_its_tenth_of_the_plan() -> None:
    stalled = [result(n, at=n / 10, took=3.0 if 40 <= n < 45 else 0.02) for n in range(80)]
    tenths = statistics.p99_by_tenth([*stalled, result(at=10.0, took=0.02)], over=10.0)
    assert tenths[4] == pytest.approx(3000)
    assert tenths[:4] + tenths[5:8] == [pytest.approx(20)] * 7
    assert tenths[8:] == [None, pytest.approx(20)]


def test_percentiles_of_nothing_are_nothing() -> None:
    assert statistics.percentiles([]) == {"p50": None, "p95": None, "p99": None}


def test_percentiles_are_of_all_requests() -> None:
    assert statistics.percentiles(range(101)) == {"p50": 50.0, "p95": 95.0, "p99": 99.0}


def test_a_duplicate_is_accepted_once() -> None:
    first = result(1)
    counts = statistics.count_results([first, result(2, kind="duplicate", wish_id=first.wish_id), result(3)])
    assert (counts.accepted, counts.again, counts.unexpected) == (2, 1, {})


def test_a_refusal_that_is_expected_is_not_unexpected() -> None:
    counts = statistics.count_results(
        [result(1, kind="oversized", status=413), result(2, kind="malformed", status=422)]
    )
    assert counts.refused == {413: 1, 422: 1}
    assert (counts.accepted, counts.given_up, counts.unexpected) == (0, 0, {})


def test_a_wrong_acceptance_and_a_wrong_refusal_are_unexpected() -> None:
    counts = statistics.count_results(
        [result(1, status=422), result(2, kind="oversized"), result(3, kind="malformed", status=413)]
    )
    assert counts.unexpected == {"malformed 413": 1, "ordinary 422": 1, "oversized 202": 1}


@pytest.mark.parametrize("status", [0, 429, 500, 502, 503, 504])
def test_wishes_without_a_final_answer_are_given_up(status: int) -> None:
    lost = result(1, status=status, error="timeout" if not status else None)
    counts = statistics.count_results([lost])
    assert (counts.given_up, counts.refused, counts.unexpected) == (1, {}, {})
    assert statistics.problems([lost]) == {str(status or "timeout"): (0, 1)}


def test_one_straggler_does_not_lower_the_rate() -> None:
    results = [result(n, at=n / 10, took=0.01) for n in range(1, 101)] + [result(200, at=10.0, took=30.0)]
    assert statistics.answer_rate(results) == 10.0
    assert statistics.answer_rate(results[:1]) == pytest.approx(9.1)
    assert statistics.answer_rate([result(1, status=503)]) == statistics.answer_rate([]) == 0


def test_the_busiest_five_seconds_are_found_wherever_they_begin() -> None:
    assert statistics.peak_rate([0.0, 8.0, 9.0, 10.0, 11.0, 12.9, 13.0, 20.0]) == 1.0
    assert statistics.peak_rate([0.1]) == 0.2
    assert statistics.peak_rate([]) == 0


def test_given_up_wishes_do_not_improve_the_latency() -> None:
    results = [result(n, at=0.0, took=1.0) for n in range(99)] + [result(100, at=0.0, took=0.001, status=503)]
    assert statistics.p99_by_tenth(results, over=1.0)[0] == 1000
    assert statistics.time_series([0.0] * 100, results).percentiles["p50"][0] == 1000


def test_ids_must_match_the_keys() -> None:
    first, double, other = result(1, key="a"), result(2, key="a", wish_id="w"), result(3, key="b", wish_id="w")
    assert statistics.count_results([first, double]).unexpected == {"another wish for the same key": 1}
    assert statistics.count_results([first, double]).again == 0
    assert statistics.count_results([double, other]).unexpected == {"one wish for two keys": 1}


def test_shares_of_the_cpu_are_of_all_that_was_measured() -> None:
    assert statistics.shares({"sender": 1.0, "engine": 3.0}) == {"sender": 0.25, "engine": 0.75}
    assert statistics.shares({}) == {}


def test_over_time_loses_no_wish() -> None:
    results = [result(n, at=n / 7, took=n / 50) for n in range(200)]
    series = statistics.time_series([each.at for each in results], results)
    assert sum(series.planned) * series.width == pytest.approx(200)
    assert sum(series.answered) * series.width == pytest.approx(200)


@pytest.mark.parametrize(("seconds", "width"), [(10, 0.25), (60, 1), (300, 5), (600, 10)])
def test_a_long_run_has_no_more_points_than_a_screen_shows(seconds: float, width: float) -> None:
    series = statistics.time_series([0.0, seconds], [])
    assert series.width == width
    assert len(series.starts) <= 81


def test_a_bin_without_a_wish_has_no_latency() -> None:
    series = statistics.time_series([0.0, 5.0], [result(at=0.0), result(at=5.0)])
    assert math.isnan(series.percentiles["p99"][10])
    assert statistics.time_series([0.0, 5.0], []).worst() is None
