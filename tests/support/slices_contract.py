"""Tests that every engine and fake of DynamoDB passes: what a transaction of the read model that lost a race says."""

from dataclasses import replace

import pytest

from domain.commit import Recorded, stream_of
from domain.events import WishAccepted, WishWaitlisted
from domain.projection import Change, change_since
from infra.read_model import ReadModel, SliceConflict
from tests.support import faults
from tests.support.event_store_contract import BOARDED, FIRST
from tests.support.samples import NOON, submitted
from tests.support.wishes import ids


def boarded(number: int) -> Change:
    """Return the change of a wish that boarded at once: one row."""
    wish_id = ids(number + 1)[number]
    return _change(wish_id, (Recorded(submitted(), NOON), Recorded(WishAccepted(), NOON), Recorded(BOARDED, NOON)))


def boarded_later(number: int) -> Change:
    """Return the change of a wish that waited and boarded: two rows."""
    wish_id = ids(number + 1)[number]
    waited = (Recorded(submitted(), NOON), Recorded(WishAccepted(), NOON), Recorded(WishWaitlisted(), NOON))
    return _change(wish_id, waited, (Recorded(BOARDED, NOON),))


def _change(wish_id: str, *events: tuple[Recorded, ...]) -> Change:
    commits = [
        replace(FIRST, stream=stream_of(wish_id), version=number, commit_id=f"commit-{number}", events=of)
        for number, of in enumerate(events, start=1)
    ]
    change = change_since(wish_id, commits, 0)
    assert change
    return change


class SlicesContract:
    """Subclasses define the fixture ``read_model``, an empty read model."""

    def test_a_taken_position_is_a_conflict_of_no_wish(self, read_model: ReadModel) -> None:
        client, other = read_model._client, [boarded(1)]
        faults.meanwhile(client, "dynamodb.TransactWriteItems", lambda: read_model.apply(1, other, NOON))
        with pytest.raises(SliceConflict) as raised:
            read_model.apply(1, [boarded(0)], NOON)
        assert raised.value.wish_ids == frozenset()
        assert read_model.totals(1, consistent=True) == {"mars_boarded": 1, "feed": 1}

    def test_a_conflict_names_the_wishes_whose_rows_have_moved_on(self, read_model: ReadModel) -> None:
        read_model.apply(1, [boarded(2), boarded_later(4)], NOON)
        slice_ = [boarded_later(0), boarded(1), boarded(2), boarded(3), boarded_later(4), boarded(5)]
        with pytest.raises(SliceConflict) as raised:
            read_model.apply(1, slice_, NOON)
        assert raised.value.wish_ids == {ids(3)[2], ids(5)[4]}

    def test_a_slice_with_a_conflict_writes_nothing(self, read_model: ReadModel) -> None:
        read_model.apply(1, [boarded(0)], NOON)
        with pytest.raises(SliceConflict):
            read_model.apply(1, [boarded(1), boarded(0)], NOON)
        assert read_model.totals(1, consistent=True) == {"mars_boarded": 1, "feed": 1}
        assert read_model.rows(1, [f"{boarded(1).home}/{ids(2)[1]}"], consistent=True) == {}
        read_model.apply(1, [boarded(1)], NOON)
        assert read_model.totals(1, consistent=True) == {"mars_boarded": 2, "feed": 2}
