"""Every number of a report, computed here and nowhere else, from all requests and not from a sample. Pure.

Latency is timed from the *intended* send to the final answer, retries and waiting for a free connection included: a
server that stalls cannot hide the wishes that were due meanwhile. A wish that was given up has no latency:
it is counted apart.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lastwish.load.plan import EXPECTED
from lastwish.load.results import WishResult

PERCENTS = (50, 95, 99)
NAMES = tuple(f"p{percent}" for percent in PERCENTS)
# Seconds of one bin: the first width that gives at most _MOST_BINS bins.
_WIDTHS = (0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
_MOST_BINS = 80

type Percentiles = dict[str, float | None]


def percentiles(milliseconds: Iterable[float]) -> Percentiles:
    """Return ``{"p50": …, "p95": …, "p99": …}`` in milliseconds, rounded to a tenth; each None for no values."""
    values = np.fromiter(milliseconds, dtype=float)
    if not values.size:
        return dict.fromkeys(NAMES)
    return dict(zip(NAMES, np.percentile(values, PERCENTS).round(1).tolist(), strict=True))


def p99_by_tenth(results: Sequence[WishResult], over: float) -> list[float | None]:
    """Return the p99 in milliseconds of each tenth of a plan of ``over`` seconds, by intended send."""
    parts: list[list[float]] = [[] for _ in range(10)]
    for result in answered(results):
        parts[min(int(10 * result.at / over), 9)].append(latency_ms(result))
    return [percentiles(part)["p99"] for part in parts]


def latency_ms(result: WishResult) -> float:
    """Return the time from the intended send to the final answer."""
    return 1000 * (result.done - result.at)


def first_try_ms(result: WishResult) -> float:
    """Return the time of the first try alone, from its real send: what a closed loop would have shown."""
    done = result.done if result.first_done is None else result.first_done
    return 1000 * (done - result.sent)


def late_ms(result: WishResult) -> float:
    """Return how much later than intended it was sent: all connections were busy, or the generator was."""
    return max(0.0, 1000 * (result.sent - result.at))


@dataclass(frozen=True)
class Counts:
    """Numbers of results.

    accepted    distinct wishes answered 202: what the audit must find
    again       202 for a key that was answered before, with the same wish id: duplicates that were recognised
    refused     final refusals by status, also of wishes that should be refused
    given_up    without a final answer
    unexpected  wrong answers by kind and status; wish ids that do not match the keys
    """

    sent: int
    accepted: int
    again: int
    refused: Mapping[int, int]
    given_up: int
    unexpected: Mapping[str, int]
    retried: int
    tries: int


def count_results(results: Sequence[WishResult]) -> Counts:
    """Count these results."""
    accepted = [result for result in results if result.status == 202]
    again, mismatches = _check_ids(accepted)
    final = answered(results)
    refused = Counter(result.status for result in final if result.status != 202)
    wrong = [f"{result.kind} {result.status}" for result in final if result.status not in EXPECTED[result.kind]]
    return Counts(
        sent=len(results),
        accepted=len({result.wish_id for result in accepted}),
        again=again,
        refused=dict(sorted(refused.items())),
        given_up=len(results) - len(final),
        unexpected=dict(sorted(Counter(wrong + mismatches).items())),
        retried=sum(result.tries > 1 for result in results),
        tries=sum(result.tries for result in results),
    )


def _check_ids(accepted: Sequence[WishResult]) -> tuple[int, list[str]]:
    """Return the number of duplicates that got the id of the first, and what is wrong with other ids."""
    of_key, of_wish = dict[str, WishResult](), dict[str | None, WishResult]()
    again, mismatches = 0, []
    for result in accepted:
        first, holder = of_key.setdefault(result.key, result), of_wish.setdefault(result.wish_id, result)
        if first is result and holder is not result:
            mismatches.append("one wish for two keys")
        elif first is not result and first.wish_id != result.wish_id:
            mismatches.append("another wish for the same key")
        elif first is not result:
            again += 1
    return again, mismatches


def answered(results: Iterable[WishResult]) -> list[WishResult]:
    """Return the results that have a final answer."""
    return [result for result in results if not is_given_up(result)]


def is_given_up(result: WishResult) -> bool:
    """Return whether it ended without a final answer: with none, 429 or a 5xx."""
    return result.status in (0, 429) or result.status >= 500


def problems(results: Iterable[WishResult]) -> dict[str, tuple[int, int]]:
    """Count problems by kind ("503", "timeout"): tries made again because of it, and wishes given up because of it."""
    again = Counter(reason for result in results for reason in result.again_for)
    given_up = Counter(
        str(result.status) if result.status else result.error or "no answer"
        for result in results
        if is_given_up(result)
    )
    names = sorted(again.keys() | given_up.keys(), key=lambda name: (-again[name] - given_up[name], name))
    return {name: (again[name], given_up[name]) for name in names}


def answer_rate(results: Sequence[WishResult]) -> float:
    """Return the answers per second until 99 of 100 are there: one straggler does not make a slow load."""
    ends = sorted(result.done for result in answered(results))
    count = math.ceil(0.99 * len(ends))
    return round(count / ends[count - 1], 1) if ends else 0.0


def peak_rate(times: Iterable[float], seconds: float = 5.0) -> float:
    """Return the highest rate per second in any span of so many seconds."""
    ordered = np.sort(np.fromiter(times, dtype=float))
    inside = np.searchsorted(ordered, ordered + seconds, side="left") - np.arange(ordered.size)
    return round(float(inside.max(initial=0)) / seconds, 1)


def shares(seconds: Mapping[str, float]) -> dict[str, float]:
    """Return each part's share of the whole; nothing where nothing was measured."""
    whole = sum(seconds.values())
    return {name: round(value / whole, 3) for name, value in seconds.items()} if whole else {}


@dataclass(frozen=True)
class TimeSeries:
    """A load in bins of ``width`` seconds. Rates are per second, milliseconds NaN where a bin has no wish.

    ``planned`` and the percentiles count a wish at its intended send, ``answered`` at its answer.
    """

    width: float
    starts: list[float]
    planned: list[float]
    answered: list[float]
    percentiles: dict[str, list[float]]

    def worst(self) -> tuple[float, float] | None:
        """Return the middle of the bin with the highest p99, in seconds, and that p99 in milliseconds."""
        values = np.array(self.percentiles[NAMES[-1]])
        if not np.any(~np.isnan(values)):
            return None
        index = int(np.nanargmax(values))
        return self.starts[index] + self.width / 2, float(values[index])


def time_series(planned: Sequence[float], results: Sequence[WishResult]) -> TimeSeries:
    """Return a load over time. ``planned``: all intended sends in seconds, also of wishes that were never sent."""
    end = max([*planned, *(result.done for result in results)], default=0.0)
    width = next((width for width in _WIDTHS if end / width <= _MOST_BINS), _WIDTHS[-1])
    edges = np.arange(0, end + width, width) if end else np.array([0.0, width])
    final = answered(results)
    bins = np.searchsorted(edges, [result.at for result in final], side="right") - 1
    values = np.array([latency_ms(result) for result in final])
    groups = [values[bins == index] for index in range(len(edges) - 1)]
    rows = [np.percentile(group, PERCENTS) if group.size else np.full(len(PERCENTS), np.nan) for group in groups]
    return TimeSeries(
        width=width,
        starts=[float(edge) for edge in edges[:-1]],
        planned=_rates(planned, edges),
        answered=_rates([result.done for result in final], edges),
        percentiles={name: [float(row[column]) for row in rows] for column, name in enumerate(NAMES)},
    )


def _rates(times: Sequence[float], edges: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[float]:
    counts, _ = np.histogram(times, bins=edges)
    return [float(count) / float(edges[1] - edges[0]) for count in counts]
