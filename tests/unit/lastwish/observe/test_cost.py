"""The bill of a usage, and each rule on what would be cheaper: where it speaks, and where it is silent."""

import pytest

from lastwish.observe import advice, bill, prices
from lastwish.observe.usage import Usage
from tests.support.usages import WISHES, function, usage


def item(name: str, of: Usage) -> bill.Item:
    (found,) = [each for each in bill.of(of).items if each.name == name]
    return found


def advised(of: Usage) -> list[tuple[str, str]]:
    return [(each.rule, each.about) for each in advice.advice(of)]


# --- the bill ---------------------------------------------------------------------------------------------------------
def test_requests_are_paid_by_their_number() -> None:
    assert item("api requests", usage()).dollars == pytest.approx(0.0245)
    used = {"WorkerFunction Invocations": 400_000, "ParserFunction Invocations": 600_000}
    assert item("lambda requests", usage(**used)).dollars == pytest.approx(0.20)


def test_time_is_paid_by_memory_and_by_architecture() -> None:
    of = usage(function(memory_mb=1024, seconds=600), function("parser", architecture="x86_64", seconds=100))
    assert item("lambda GB-seconds, arm64", of).dollars == pytest.approx(600 * 0.0000133334)
    assert item("lambda GB-seconds, x86_64", of).dollars == pytest.approx(50 * 0.0000166667)


def test_a_batch_is_one_request_to_a_queue() -> None:
    """Each wish is sent; the parser's batches are sent, received and deleted, the worker's received and deleted."""
    batches = {"ParserFunction Invocations": 200, "WorkerFunction Invocations": 100}
    assert item("sqs requests", usage(**batches)) == bill.Item(
        "sqs requests", 1800, pytest.approx(1800 * 0.4e-6), False
    )
    polled = item(
        "sqs requests", usage(**batches, **{"Inbox NumberOfEmptyReceives": 30, "Pods NumberOfEmptyReceives": 0})
    )
    assert (polled.quantity, polled.measured) == (1830, True)


def test_units_are_those_of_dynamodb_where_it_counts_them() -> None:
    counted = {"EventStore ConsumedWriteCapacityUnits": 5, "Seats ConsumedWriteCapacityUnits": 2, "recorded": 999}
    assert item("write units", usage(**counted)) == bill.Item("write units", 7, pytest.approx(7 * 0.625e-6), True)


@pytest.mark.parametrize(("slice_", "writes", "reads"), [(1, 8.0, 3.0), (20, 3.3, 1.1)])
def test_estimated_units_are_those_that_the_bench_counted(slice_: int, writes: float, reads: float) -> None:
    """A wish alone, and in slices of twenty with full batches of the worker (bench/results.json)."""
    batches = {"WorkerFunction Invocations": WISHES / min(slice_, 10), "ProjectorFunction Invocations": WISHES / slice_}
    of = usage(**batches, requests=WISHES, recorded=WISHES, projected=WISHES)
    assert item("write units", of).quantity == pytest.approx(writes * WISHES)
    assert item("read units", of).quantity == pytest.approx(reads * WISHES)
    assert not item("write units", of).measured


def test_what_is_not_known_costs_nothing_and_is_not_called_measured() -> None:
    assert item("log bytes", usage()) == bill.Item("log bytes", None, 0, False)


def test_a_million_costs_what_these_wishes_did_in_proportion() -> None:
    found = bill.of(usage(function()))
    assert found.dollars == pytest.approx(sum(each.dollars for each in found.items))
    assert found.per_million == pytest.approx(found.dollars * 1000)
    assert [each.dollars for each in found.items] == sorted((each.dollars for each in found.items), reverse=True)


def test_without_a_wish_nobody_knows_what_a_million_costs() -> None:
    assert bill.of(usage(accepted=None, requests=None)).per_million is None


# --- the rules --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("used_mb", "said"),
    [(200, [("memory", "worker")]), (256, [("memory", "worker")]), (257, []), (512, []), (None, [])],
)
def test_half_of_the_memory_unused_is_too_much(used_mb: int | None, said: list[tuple[str, str]]) -> None:
    assert advised(usage(function(used_mb=used_mb))) == said


def test_the_least_memory_cannot_be_less() -> None:
    assert advised(usage(function(memory_mb=128, used_mb=50))) == []


def test_less_memory_saves_its_share_of_the_time() -> None:
    (found,) = advice.advice(usage(function(used_mb=200)))
    assert found.do == "MemorySize 256: at most 200 of 512 MB used"
    assert found.dollars == pytest.approx(10 * 0.25 * prices.LAMBDA_GB_SECOND["arm64"])


def test_arm64_is_cheaper_for_what_is_not_on_it() -> None:
    assert advised(usage(function())) == []
    (found,) = advice.advice(usage(function(architecture="x86_64"), function("parser")))
    assert (found.rule, found.dollars) == ("arm64", pytest.approx(5 * 0.0000033333))


@pytest.mark.parametrize(
    ("records", "invocations", "busy_s", "said"),
    [
        (3000, 3000, 300, [("window", "worker")]),  # ten a second, one by one
        (3000, 300, 300, []),  # the batches are full
        (3000, 1500, 3000, []),  # one a second: nothing to wait for
        (None, 3000, 300, []),  # no queue in front of it
        (3000, 3000, 0, []),
    ],
)
def test_small_batches_in_a_crowd_can_wait_for_more(
    records: int | None, invocations: int, busy_s: int, said: list[tuple[str, str]]
) -> None:
    assert advised(usage(function(invocations=invocations, records=records), busy_s=busy_s)) == said


def test_a_window_saves_invocations_and_requests_to_the_queue() -> None:
    (found,) = advice.advice(usage(function(invocations=3000, records=3000)))
    assert found.do.endswith("batches of 10.0 messages in place of 1.0")
    assert found.dollars == pytest.approx(2700 * (0.2e-6 + 2 * 0.4e-6))


@pytest.mark.parametrize(
    ("requests", "behind_cdn", "said"),
    [(100 * WISHES, False, [("cdn", "api")]), (100 * WISHES, True, []), (7 * WISHES, False, [])],
)
def test_a_cache_pays_where_many_look(requests: int, behind_cdn: bool, said: list[tuple[str, str]]) -> None:
    assert advised(usage(function("frontend"), requests=requests, behind_cdn=behind_cdn)) == said


def test_the_loudest_lever_comes_first() -> None:
    found = advice.advice(usage(function("frontend", used_mb=100), function(used_mb=100, seconds=99), requests=10**6))
    assert [(each.rule, each.about) for each in found] == [("cdn", "api"), ("memory", "worker"), ("memory", "frontend")]


def test_every_advice_names_its_source_and_its_price() -> None:
    everything = usage(
        function("frontend", architecture="x86_64"), function(used_mb=9, records=3000, invocations=3000), requests=10**6
    )
    found = advice.advice(everything)
    assert len({each.rule for each in found}) == len(advice.RULES)
    assert all(each.source.startswith("https://") and each.but for each in found)
