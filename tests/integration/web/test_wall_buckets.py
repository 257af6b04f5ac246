"""The wall over a feed that is cut into partitions of three positions: what a poll reads, and the borders."""

from typing import Any

import pytest

from infra.event_store import commit_of
from lastwish.aws.generations import GenerationStore
from projector.projecting import project
from tests.support.moderated_wall import ModeratedWall
from tests.support.wishes import ids

BUCKET = 3


@pytest.fixture(autouse=True)
def small_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.read_model.BUCKET", BUCKET)


def board_one_by_one(wall: ModeratedWall, wish_ids: list[str], held: str | None = None) -> None:
    for wish_id in wish_ids:
        wall.board(wish_id, held=held)


def shown(page: dict[str, Any]) -> list[str]:
    return [wish["wish_id"] for wish in page["wishes"]]


def queries(wall: ModeratedWall) -> list[tuple[str, bool]]:
    """Return a list that grows with each query of the frontend: its partition, and whether it is consistent."""
    made: list[tuple[str, bool]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        made.append((params["ExpressionAttributeValues"][":pk"]["S"], params.get("ConsistentRead", False)))

    wall.frontend.dynamodb.meta.events.register("provide-client-params.dynamodb.Query", note)
    return made


@pytest.mark.parametrize("last", [BUCKET - 1, BUCKET, BUCKET + 1])
def test_an_empty_tail_takes_no_query_and_the_next_wish_takes_one(wall: ModeratedWall, last: int) -> None:
    *first, newest = ids(last + 1)
    board_one_by_one(wall, first)
    page = wall.feed()
    assert (shown(page), page["cursor"]) == (first, f"1-{last}-0")
    made = queries(wall)
    assert wall.feed(after=page["cursor"]) == page | {"wishes": [], "more": False}
    assert made == []
    wall.board(newest)
    assert shown(wall.feed(after=page["cursor"])) == [newest]
    assert made == [(f"1#feed#{(last + 1) // BUCKET}", False)]


def test_only_a_bucket_with_another_after_it_is_read_consistently(wall: ModeratedWall) -> None:
    """DynamoDB's other reads may miss the last entries of a bucket and see the next one: these would be left out."""
    board_one_by_one(wall, ids(2 * BUCKET))
    made = queries(wall)
    assert shown(wall.feed(limit="4")) == ids(4)
    assert made == [("1#feed#0", True), ("1#feed#1", True)]
    made.clear()
    assert shown(wall.feed(after="1-4-0")) == ids(2 * BUCKET)[4:]
    assert made == [("1#feed#1", True), ("1#feed#2", False)]


def test_a_page_reads_two_buckets_at_most(wall: ModeratedWall) -> None:
    board_one_by_one(wall, ids(4 * BUCKET))
    made = queries(wall)
    for position in range(4 * BUCKET):
        made.clear()
        assert shown(wall.feed(after=f"1-{position}-0", limit=str(BUCKET))) == ids(4 * BUCKET)[position:][:BUCKET]
        assert len(made) <= 2


def test_buckets_without_a_wish_to_show_are_passed(wall: ModeratedWall) -> None:
    before, after, *held = ids(2 + 3 * BUCKET)
    wall.board(before)
    board_one_by_one(wall, held, held="word")
    wall.board(after)
    assert shown(wall.feed(after="latest", limit="20")) == [before, after]
    page = wall.feed(limit=str(2 * BUCKET))
    assert (shown(page), page["more"]) == ([before], True)
    assert shown(wall.feed(after=page["cursor"])) == [after]


def test_a_hidden_wish_is_withdrawn_across_a_border_of_the_news(wall: ModeratedWall) -> None:
    wish_ids = ids(BUCKET + 1)
    board_one_by_one(wall, wish_ids)
    cursor = wall.feed()["cursor"]
    for wish_id in wish_ids:
        wall.moderate(wish_id, "hide")
    page = wall.feed(after=cursor)
    assert (page["withdrawn"], page["cursor"]) == (wish_ids, f"1-{2 * len(wish_ids)}-{len(wish_ids)}")
    assert shown(wall.feed()) == shown(wall.feed(after="latest")) == []
    assert [each["visibility"] for each in wall.queue()["latest"]] == ["hidden"] * len(wish_ids)


def test_a_rebuilt_feed_is_read_to_its_end(wall: ModeratedWall) -> None:
    board_one_by_one(wall, ids(2 * BUCKET))
    model, cursor = wall.projector.read_model, wall.feed()["cursor"]
    for item in wall.aws.stored():
        project(wall.projector.store, model, 2, [commit_of(item)])
    GenerationStore(wall.aws.dynamodb, "ReadModel").flip(model.generations(), 2)
    page = wall.feed(after=cursor)
    assert (sorted(shown(page)), page["cursor"]) == (ids(2 * BUCKET), f"2-{2 * BUCKET}-0")
