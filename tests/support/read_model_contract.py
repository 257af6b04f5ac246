"""Tests of the read model and its generations that every engine and fake of DynamoDB passes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.commit import Commit
from domain.events import WishAccepted, WishHeld
from domain.seats import Seat
from domain.wish import Command, EraseWish, HideWish, RecordWish
from infra.aggregate import Cause, execute
from lastwish.aws.generations import PointerMoved
from projector.projecting import project
from tests.support.samples import submitted
from tests.support.tables import Tables
from tests.support.wishes import ids

WHEN = datetime(2026, 11, 27, 12, tzinfo=UTC)
POD = 3


def decided(tables: Tables, wish_id: str, command: Command) -> Commit:
    """Append what a command decides. Return the commit."""
    cause = Cause(commit_id=f"{type(command).__name__} {wish_id}", correlation_id="request", now=WHEN)
    commit = execute(tables.events, wish_id, command, cause, is_new=isinstance(command, RecordWish))
    assert commit
    return commit


def boarded(tables: Tables, count: int, held: WishHeld | None = None) -> list[Commit]:
    """Store wishes with neighbouring seats in one pod."""
    seats = [Seat("mars", (POD - 1) * 100 + number) for number in range(1, count + 1)]
    commands = [RecordWish(submitted(), WishAccepted(), seat, held) for seat in seats]
    return [decided(tables, wish_id, command) for wish_id, command in zip(ids(count), commands, strict=True)]


def rows(tables: Tables, count: int) -> list[dict[str, Any]]:
    """Return the rows of so many wishes that boarded, as far as there are any."""
    places = [f"pod#mars#{POD}/{wish_id}" for wish_id in ids(count)]
    return list(tables.read_model.rows(1, places, consistent=True).values())


class ReadModelContract:
    """Subclasses define the fixture ``tables``: empty ones."""

    def project(self, tables: Tables, *commits: Commit, generation: int = 1) -> int:
        return project(tables.events, tables.read_model, generation, commits)

    def everything(self, tables: Tables) -> Any:
        """Every item of the read model, in one order."""
        items = tables.client.scan(TableName=tables.names["ReadModel"], ConsistentRead=True)["Items"]
        return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))

    def test_commits_become_rows_totals_and_an_entry_of_the_feed(self, tables: Tables) -> None:
        assert self.project(tables, *boarded(tables, 3)) == 3
        assert tables.read_model.totals(1, consistent=True) == {"mars_boarded": 3, "feed": 1}
        assert {row["sk"] for row in rows(tables, 3)} == set(ids(3))
        [entry] = tables.read_model.feed(1, 0, 1, 10)
        assert sorted(place.rpartition("/")[2] for place in entry["wishes"]) == ids(3)

    def test_what_was_seen_before_changes_nothing(self, tables: Tables) -> None:
        first, second, third = boarded(tables, 3)
        self.project(tables, first, second)
        self.project(tables, second, third)
        before = self.everything(tables)
        assert self.project(tables, first, second, third) == 0
        assert self.everything(tables) == before
        assert tables.read_model.totals(1) == {"mars_boarded": 3, "feed": 2}

    def test_the_feed_is_read_page_by_page(self, tables: Tables) -> None:
        for commit in boarded(tables, 4):
            self.project(tables, commit)
        assert [entry["position"] for entry in tables.read_model.feed(1, 1, 4, 2)] == [2, 3]

    @pytest.mark.parametrize("last", [2, 3, 4, 8, 9])
    @pytest.mark.parametrize("limit", [1, 2, 3])
    def test_pages_of_the_feed_meet_where_a_bucket_ends(
        self, tables: Tables, monkeypatch: pytest.MonkeyPatch, last: int, limit: int
    ) -> None:
        monkeypatch.setattr("infra.read_model.BUCKET", 3)
        for commit in boarded(tables, last):
            self.project(tables, commit)
        model, seen = tables.read_model, [0]
        assert model.ends(1) == (last, 0)
        while page := list(model.feed(1, seen[-1], last, limit)):
            assert len(page) == min(limit, last - seen[-1])
            seen += [entry["position"] for entry in page]
        assert seen == list(range(last + 1))
        assert [entry["position"] for entry in model.newest(1, last)] == seen[:0:-1]

    @pytest.mark.parametrize("lost", [{2}, {3}, {2, 3}, {3, 4, 5}, {6, 7}, {1, 2, 3, 4, 5}])
    def test_what_stands_after_a_hole_is_read(
        self, tables: Tables, monkeypatch: pytest.MonkeyPatch, lost: set[int]
    ) -> None:
        monkeypatch.setattr("infra.read_model.BUCKET", 3)
        for commit in boarded(tables, 7):
            self.project(tables, commit)
        for position in lost:
            key = {"pk": {"S": f"1#feed#{position // 3}"}, "sk": {"S": f"{position:012}"}}
            tables.client.delete_item(TableName=tables.names["ReadModel"], Key=key)
        left = [position for position in range(1, 8) if position not in lost]
        assert [entry["position"] for entry in tables.read_model.feed(1, 0, 7, 10)] == left
        assert [entry["position"] for entry in tables.read_model.newest(1, 7)] == left[::-1]

    def test_the_news_are_read_across_buckets(self, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("infra.read_model.BUCKET", 3)
        self.project(tables, *boarded(tables, 5))
        for wish_id in ids(5):
            self.project(tables, decided(tables, wish_id, HideWish()))
        assert tables.read_model.ends(1) == (6, 5)
        assert [entry["position"] for entry in tables.read_model.news(1, 1, 5, 20)] == [2, 3, 4, 5]

    def test_the_most_wishes_that_fit_a_transaction_are_one_slice(self, tables: Tables) -> None:
        assert self.project(tables, *boarded(tables, 96)) == 96
        assert tables.read_model.totals(1) == {"mars_boarded": 96, "feed": 1}

    def test_only_held_rows_are_in_the_index(self, tables: Tables) -> None:
        self.project(tables, *boarded(tables, 2, WishHeld(reason="word")))
        self.project(tables, decided(tables, ids(1)[0], HideWish()))
        assert [row["sk"] for row in tables.read_model.held(1)] == ids(2)[1:]
        assert [len(entry["versions"]) for entry in tables.read_model.news(1, 0, 1, 10)] == [1]

    def test_an_erased_wish_keeps_its_row_without_text(self, tables: Tables) -> None:
        self.project(tables, *boarded(tables, 1))
        self.project(tables, decided(tables, ids(1)[0], EraseWish()))
        [row] = rows(tables, 1)
        assert (int(row["version"]), "message" in row) == (2, False)

    def test_rows_are_found_by_place_and_missing_ones_are_left_out(self, tables: Tables) -> None:
        self.project(tables, *boarded(tables, 1))
        places = [f"pod#mars#{POD}/{wish_id}" for wish_id in ids(150)]
        assert list(tables.read_model.rows(1, places, consistent=True)) == places[:1]

    def test_the_wall_is_blank_until_it_is_not(self, tables: Tables) -> None:
        seen = []
        for on in (True, False):
            tables.read_model.blank(on)
            seen.append(tables.read_model.generations().blank)
        assert seen == [True, False]


class GenerationsContract(ReadModelContract):
    """Subclasses define the fixture ``tables``: empty ones."""

    def test_a_generation_is_announced_made_current_retired_and_dropped(self, tables: Tables) -> None:
        store, commits = tables.read_model, boarded(tables, 30)
        self.project(tables, *commits)
        new = store.announce(store.generations())
        assert (new, store.generations().live) == (2, {1, 2})
        self.project(tables, *commits, generation=new)
        assert store.counters(1, 2) == [{"mars_boarded": 30}] * 2
        after = store.retire(store.flip(store.generations(), new), 1)
        assert store.generations() == after
        assert (after.current, after.live) == (2, {2})
        assert store.drop(after.live, new) == 32  # rows, totals, one entry of the feed
        assert {entry.generation for entry in store.scan({1, 2})} == {2}
        assert store.announce(store.generations()) == 3

    def test_who_read_an_older_pointer_moves_nothing(self, tables: Tables) -> None:
        store = tables.read_model
        old = store.generations()
        store.announce(old)
        with pytest.raises(PointerMoved):
            store.announce(old)
        assert store.generations().live == {1, 2}
