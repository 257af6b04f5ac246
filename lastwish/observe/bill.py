"""What the usage of a stack costs at AWS's prices, line by line. Pure.

Where DynamoDB's units are not measured they are estimated from our own counters, by the units of a wish that
`make bench` counts. Not in the bill: X-Ray's traces, data to the internet, start-ups of functions before their first
invocation, and what alarms and metrics cost in a month (docs/slo.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lastwish.observe import prices
from lastwish.observe.advice import Advice, advice, gb_seconds
from lastwish.observe.usage import Function, Usage

# Write units: a commit takes one, the lease of a batch one, a row two and the counters of a slice four, for these are
# transactions. Read units: one to look for a wish, two for a slice, two for what a page asks (bench/results.json).
ROW_UNITS, SLICE_UNITS, _READS_OF_A_SLICE, _READS_OF_A_PAGE = 2, 4, 2, 2
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the bill. ``quantity`` is None where nothing is known; it may be an estimate and not ``measured``."""

    name: str
    quantity: float | None
    dollars: float
    measured: bool


@dataclass(frozen=True, slots=True)
class Bill:
    """All of it. ``per_million`` is what a million wishes like these would cost, None without a wish.

    The first item is the largest; the first advice is the loudest lever.
    """

    wishes: int
    dollars: float
    per_million: float | None
    items: list[Item]
    functions: list[Function]
    advice: list[Advice]


def of(usage: Usage) -> Bill:
    """Return the bill of a usage."""
    lines, wishes = sorted(_items(usage), key=lambda item: -item.dollars), int(usage.count("accepted"))
    dollars = sum(item.dollars for item in lines)
    million = _MILLION * dollars / wishes if wishes else None
    return Bill(wishes, dollars, million, lines, usage.functions, advice(usage))


def _items(usage: Usage) -> Iterator[Item]:
    count, total = usage.count, usage.total
    batches = [count(f"{name}Function Invocations") for name in ("Parser", "Worker", "Projector")]
    yield _item("api requests", usage.used["requests"], prices.REST_REQUEST)
    yield _item("lambda requests", total("Invocations"), prices.LAMBDA_REQUEST)
    for architecture, price in prices.LAMBDA_GB_SECOND.items():
        used = [gb_seconds(each) for each in usage.functions if each.architecture == architecture]
        if used:
            yield _item(f"lambda GB-seconds, {architecture}", sum(used), price)
    # The frontend sends each wish, the parser a batch at once. Each batch is received once and deleted once.
    sent, empty = count("accepted") + batches[0] + 2 * sum(batches[:2]), total("NumberOfEmptyReceives")
    yield _item("sqs requests", None if empty is None else sent + empty, prices.SQS_REQUEST, sent)
    writes = count("recorded") + batches[1] + ROW_UNITS * count("projected") + SLICE_UNITS * batches[2]
    yield _item("write units", total("ConsumedWriteCapacityUnits"), prices.WRITE_UNIT, writes)
    pages = max(0, count("requests") - count("accepted"))
    reads = count("recorded") + _READS_OF_A_SLICE * batches[2] + _READS_OF_A_PAGE * pages
    yield _item("read units", total("ConsumedReadCapacityUnits"), prices.READ_UNIT, reads)
    yield _item("log bytes", total("IncomingBytes"), prices.LOG_BYTE)


def _item(name: str, measured: float | None, price: float, estimated: float | None = None) -> Item:
    quantity = estimated if measured is None else measured
    return Item(name, quantity, (quantity or 0) * price, measured is not None)
