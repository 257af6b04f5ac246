"""Every number of a report, computed here and nowhere else, from all requests and not from a sample. Pure.

Latency is timed from the *intended* send to the final answer, retries and waiting for a free connection included: a
server that stalls cannot hide the wishes that would have been sent meanwhile. A wish that was given up has no latency:
it is counted, beside those that have.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lastwish.load.plan import EXPECTED
from lastwish.load.run import Result

PERCENTS = (50, 95, 99)
# A bar or a point of a plot stands for so many seconds: the first that gives no more than MOST_BINS of them.
_WIDTHS = (0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
_MOST_BINS = 80

type Percentiles = dict[str, float | None]


def percentiles(milliseconds: Iterable[float]) -> Percentiles:
    """``{"p50": …, "p95": …, "p99": …}`` in milliseconds, rounded to a tenth; None each where there is nothing."""
    values = np.fromiter(milliseconds, dtype=float)
    found = np.percentile(values, PERCENTS) if values.size else [None] * len(PERCENTS)
    return {
        f"p{percent}": None if value is None else round(float(value), 1)
        for percent, value in zip(PERCENTS, found, strict=True)
    }


def tenths(results: Sequence[Result], over: float) -> list[float | None]:
    """The p99 in milliseconds of each tenth of a plan of ``over`` seconds, by intended send: is it flat?"""
    parts: list[list[float]] = [[] for _ in range(10)]
    for result in answered(results):
        parts[min(int(10 * result.at / over), 9)].append(latency_ms(result))
    return [percentiles(part)["p99"] for part in parts]


def latency_ms(result: Result) -> float:
    """From the intended send to the final answer."""
    return 1000 * (result.done - result.at)


def first_try_ms(result: Result) -> float:
    """The first try alone, from when it really was sent: what a closed loop would have shown."""
    done = result.done if result.first_done is None else result.first_done
    return 1000 * (done - result.sent)


def late_ms(result: Result) -> float:
    """How much later than intended it was sent: all connections were busy, or the generator was."""
    return max(0.0, 1000 * (result.sent - result.at))


@dataclass(frozen=True)
class Counts:
    """How many results there are of what.

    accepted    distinct wishes answered 202: what the audit must find
    again       202 for a key that had one already, with the same wish's id: duplicates that were recognised
    refused     final refusals by status, also those that were meant to be refused
    given_up    no answer, or "try again" to the last
    unexpected  neither given up nor answered as its kind should be, by kind and status; or ids that are not as the
                keys say
    """

    sent: int
    accepted: int
    again: int
    refused: Mapping[int, int]
    given_up: int
    unexpected: Mapping[str, int]
    retried: int
    tries: int


def counts(results: Sequence[Result]) -> Counts:
    """Of these results."""
    promised = [result for result in results if result.status == 202]
    again, confused = _by_key(promised)
    known = answered(results)
    refused = Counter(each.status for each in known if each.status != 202)
    odd = [f"{each.kind} {each.status}" for each in known if each.status not in EXPECTED[each.kind]]
    return Counts(
        sent=len(results),
        accepted=len({result.wish_id for result in promised}),
        again=again,
        refused=dict(sorted(refused.items())),
        given_up=len(results) - len(known),
        unexpected=dict(sorted(Counter(odd + confused).items())),
        retried=sum(result.tries > 1 for result in results),
        tries=sum(result.tries for result in results),
    )


def _by_key(promised: Sequence[Result]) -> tuple[int, list[str]]:
    """How many had a key that was answered before, with the same id; and what is wrong with the ids of others."""
    of_key, of_wish = dict[str, Result](), dict[str | None, Result]()
    again, confused = 0, []
    for each in promised:
        first, holder = of_key.setdefault(each.key, each), of_wish.setdefault(each.wish_id, each)
        if first is each and holder is not each:
            confused.append("one wish for two keys")
        elif first is not each and first.wish_id != each.wish_id:
            confused.append("another wish for the same key")
        elif first is not each:
            again += 1
    return again, confused


def answered(results: Iterable[Result]) -> list[Result]:
    """Those that have a final answer."""
    return [result for result in results if not is_given_up(result)]


def is_given_up(result: Result) -> bool:
    """Whether it ended without an answer that settles it: none, 429 or the server's fault."""
    return result.status in (0, 429) or result.status >= 500


def troubles(results: Iterable[Result]) -> dict[str, tuple[int, int]]:
    """What went wrong by kind ("503", "timeout"): tries that were made again for it, and wishes given up for it."""
    again = Counter(why for result in results for why in result.again_for)
    ended = Counter(
        str(result.status) if result.status else result.error or "no answer"
        for result in results
        if is_given_up(result)
    )
    names = sorted(again.keys() | ended.keys(), key=lambda name: (-again[name] - ended[name], name))
    return {name: (again[name], ended[name]) for name in names}


def rate(results: Sequence[Result]) -> float:
    """Answers per second from the begin until 99 of 100 are there: one straggler does not make a slow run."""
    ends = sorted(result.done for result in answered(results))
    count = math.ceil(0.99 * len(ends))
    return round(count / ends[count - 1], 1) if ends else 0.0


def busiest(times: Iterable[float], seconds: float = 5.0) -> float:
    """The most per second in any span of so many seconds: what was sustained, or asked for, at least so long."""
    ordered = np.sort(np.fromiter(times, dtype=float))
    inside = np.searchsorted(ordered, ordered + seconds, side="left") - np.arange(ordered.size)
    return round(float(inside.max(initial=0)) / seconds, 1)


def shares(seconds: Mapping[str, float]) -> dict[str, float]:
    """Each part's share of them all; nothing where nothing was measured."""
    whole = sum(seconds.values())
    return {name: round(value / whole, 3) for name, value in seconds.items()} if whole else {}


@dataclass(frozen=True)
class OverTime:
    """The run in bins of ``width`` seconds. Rates are per second, milliseconds NaN where a bin has no wish.

    ``planned`` and the percentiles count a wish where it was meant to be sent, ``answered`` where it was answered.
    """

    width: float
    starts: list[float]
    planned: list[float]
    answered: list[float]
    percentiles: dict[str, list[float]]

    def worst(self) -> tuple[float, float] | None:
        """The bin whose p99 is highest: its middle in seconds, and that p99 in milliseconds."""
        values = np.array(self.percentiles[f"p{PERCENTS[-1]}"])
        if not np.any(~np.isnan(values)):
            return None
        index = int(np.nanargmax(values))
        return self.starts[index] + self.width / 2, float(values[index])


def over_time(planned: Sequence[float], results: Sequence[Result]) -> OverTime:
    """``planned``: all intended sends in seconds, also of what was never sent."""
    end = max([*planned, *(result.done for result in results)], default=0.0)
    width = next((width for width in _WIDTHS if end / width <= _MOST_BINS), _WIDTHS[-1])
    edges = np.arange(0, end + width, width) if end else np.array([0.0, width])
    known = answered(results)
    bins = np.searchsorted(edges, [result.at for result in known], side="right") - 1
    values = np.array([latency_ms(result) for result in known])
    groups = [values[bins == index] for index in range(len(edges) - 1)]
    rows = [np.percentile(group, PERCENTS) if group.size else np.full(len(PERCENTS), np.nan) for group in groups]
    return OverTime(
        width=width,
        starts=[float(edge) for edge in edges[:-1]],
        planned=_rates(planned, edges),
        answered=_rates([result.done for result in known], edges),
        percentiles={f"p{percent}": [float(row[at]) for row in rows] for at, percent in enumerate(PERCENTS)},
    )


def _rates(times: Sequence[float], edges: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[float]:
    found, _ = np.histogram(times, bins=edges)
    return [float(count) / float(edges[1] - edges[0]) for count in found]
