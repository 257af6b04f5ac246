"""Two invocations of the projector at once: each slice wants the next position of the feed, and one gets it."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from domain.errors import StoreUnavailable
from domain.seats import Seat
from domain.wish import BoardFromWaitlist, EraseWish, HideWish
from infra.aggregate import Cause, execute
from infra.read_model import SliceConflict
from tests.support import faults
from tests.support.aws import Aws
from tests.support.functions import Invoke
from tests.support.projected import Projected
from tests.support.samples import NOON
from tests.support.wishes import ids, store

FULL = 96  # wishes in one transaction
TRANSACTION = "dynamodb.TransactWriteItems"


@dataclass
class Projector:
    """A projector whose calls of AWS are counted, and whose pauses are noted and left out."""

    projected: Projected
    calls: Counter[str] = field(default_factory=Counter)
    pauses: list[float] = field(default_factory=list)

    @property
    def client(self) -> Any:
        return self.projected.projector.dynamodb

    def apply(self, items: list[dict[str, Any]]) -> dict[str, int]:
        """Project items. Return the number of calls by operation."""
        self.calls.clear()
        self.projected.apply(items)
        return dict(self.calls)

    def feed(self) -> list[list[str]]:
        """Wish ids of each entry."""
        return [sorted(entry) for entry in self.projected.feed()]

    def meanwhile(self, act: Callable[[], object]) -> None:
        """Let this happen when the next transaction was planned, and was not sent yet."""
        faults.meanwhile(self.client, TRANSACTION, act)


@pytest.fixture
def projector_(projected: Projected, monkeypatch: pytest.MonkeyPatch) -> Projector:
    counted = Projector(projected)
    monkeypatch.setattr("projector.projecting.time", SimpleNamespace(sleep=counted.pauses.append))
    event = "provide-client-params.dynamodb"
    counted.client.meta.events.register(event, lambda model, **_: counted.calls.update([model.name]))
    return counted


def cause(name: str) -> Cause:
    return Cause(commit_id=name, correlation_id="operator", now=NOON)


def test_a_slice_that_lost_only_its_position_takes_the_next_one(
    aws: Aws, worker: ModuleType, invoke: Invoke, projector_: Projector
) -> None:
    items = store(aws, worker, invoke, 2 * FULL)
    projector_.meanwhile(lambda: projector_.projected.apply(items[FULL:]))
    calls = projector_.apply(items[:FULL])
    assert projector_.feed() == [ids(2 * FULL)[FULL:], ids(FULL)]
    assert projector_.projected.is_exact()
    # The pointer twice, the totals three times, and no read of any wish.
    assert calls == {"GetItem": 5, "TransactWriteItems": 3}


def test_a_slice_that_somebody_else_has_written_is_read_once_and_left(
    aws: Aws, worker: ModuleType, invoke: Invoke, projector_: Projector
) -> None:
    items = store(aws, worker, invoke, FULL)
    projector_.meanwhile(lambda: projector_.projected.apply(items))
    calls = projector_.apply(items)
    assert projector_.feed() == [ids(FULL)]
    assert projector_.projected.is_exact()
    assert calls == {"GetItem": 4, "TransactWriteItems": 2, "BatchGetItem": 1}


def test_a_transaction_that_the_client_sends_again_counts_once(
    aws: Aws, worker: ModuleType, invoke: Invoke, projector_: Projector
) -> None:
    """DynamoDB knows the second by its token. moto does not, and answers that rows and position are there."""
    items = store(aws, worker, invoke, 20)
    faults.sent_again(projector_.client, TRANSACTION)
    projector_.apply(items)
    assert projector_.feed() == [ids(20)]
    assert projector_.projected.is_exact()


def test_only_the_wishes_that_were_not_written_meanwhile_are_written(
    aws: Aws, worker: ModuleType, invoke: Invoke, projector_: Projector
) -> None:
    items = store(aws, worker, invoke, 30)
    projector_.meanwhile(lambda: projector_.projected.apply(items[10:20]))
    projector_.apply(items)
    assert projector_.feed() == [ids(30)[10:20], [*ids(10), *ids(30)[20:]]]
    assert projector_.projected.is_exact()


def test_a_wish_whose_row_is_half_way_is_read_from_the_store(
    aws: Aws, worker: ModuleType, invoke: Invoke, projector_: Projector
) -> None:
    old = store(aws, worker, invoke, 5)
    for wish_id in ids(2):
        execute(worker.store, wish_id, EraseWish(), cause(f"erase {wish_id}"))
    projector_.meanwhile(lambda: projector_.projected.apply(old))
    calls = projector_.apply(aws.stored())
    assert {row["version"]["N"] for row in projector_.projected.rows().values()} == {"1", "2"}
    assert projector_.projected.is_exact()
    assert calls["Query"] == 2


@pytest.fixture
def waitlisted(aws: Aws, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ModuleType:
    monkeypatch.setenv("MARS_SEATS", "0")
    worker: ModuleType = request.getfixturevalue("worker")
    return worker


def test_a_full_slice_in_which_a_wish_boards_meanwhile_is_cut_again(
    aws: Aws, waitlisted: ModuleType, invoke: Invoke, projector_: Projector
) -> None:
    """Such a wish has two rows, so that the slice has more writes than fit one transaction."""
    old = store(aws, waitlisted, invoke, FULL)
    for wish_id in ids(FULL):
        execute(waitlisted.store, wish_id, HideWish(), cause(f"hide {wish_id}"))
    items = aws.stored()

    def board_one() -> None:
        projector_.projected.apply(old[:1])
        assert execute(waitlisted.store, ids(1)[0], BoardFromWaitlist(Seat("mars", 1)), cause("board"))

    projector_.meanwhile(board_one)
    projector_.apply(items)
    assert projector_.projected.totals() == {"mars_boarded": 1, "mars_waitlisted": FULL - 1}


def test_any_cut_of_the_stream_by_two_invocations_is_exact(
    aws: Aws, worker: ModuleType, invoke: Invoke, projector_: Projector
) -> None:
    items = store(aws, worker, invoke, 40)
    for wish_id in ids(40)[::4]:
        execute(worker.store, wish_id, EraseWish(), cause(f"erase {wish_id}"))
    items = aws.stored()
    chance = random.Random(2045)
    for _ in range(12):
        mine, theirs = (chance.sample(items, k=chance.randint(1, 20)) for _ in range(2))
        projector_.meanwhile(lambda theirs=theirs: projector_.projected.apply(theirs))  # type: ignore[misc]
        projector_.apply(mine)
    projector_.apply(items)
    assert projector_.projected.is_exact()


def test_a_transaction_in_the_way_is_tried_again_after_a_pause(
    aws: Aws, worker: ModuleType, invoke: Invoke, projector_: Projector
) -> None:
    items = store(aws, worker, invoke, 1)
    reasons = [{"Code": "None"}, {"Code": "None"}, {"Code": "TransactionConflict"}]
    code = "TransactionCanceledException"
    faults.fails(projector_.client, TRANSACTION, code, times=3, CancellationReasons=reasons)
    calls = projector_.apply(items)
    assert projector_.projected.is_exact()
    assert calls == {"GetItem": 5, "TransactWriteItems": 4}
    assert len(projector_.pauses) == 3


def test_a_conflict_without_an_end_fails_the_batch(
    aws: Aws, worker: ModuleType, invoke: Invoke, projector_: Projector
) -> None:
    items = store(aws, worker, invoke, 1)
    reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}, {"Code": "None"}]
    faults.fails(projector_.client, TRANSACTION, "TransactionCanceledException", CancellationReasons=reasons)
    with pytest.raises(SliceConflict):
        projector_.apply(items)
    assert projector_.calls["TransactWriteItems"] == 8
    assert len(set(projector_.pauses)) == 7
    assert all(0 <= pause <= 0.02 * 2**number for number, pause in enumerate(projector_.pauses))


def test_a_write_that_can_never_succeed_is_no_conflict(
    aws: Aws, worker: ModuleType, invoke: Invoke, projector_: Projector
) -> None:
    items = store(aws, worker, invoke, 1)
    reasons = [{"Code": "ValidationError"}, {"Code": "None"}, {"Code": "None"}]
    faults.fails(projector_.client, TRANSACTION, "TransactionCanceledException", CancellationReasons=reasons)
    with pytest.raises(StoreUnavailable, match="ValidationError"):
        projector_.apply(items)
    assert projector_.calls["TransactWriteItems"] == 1
