"""The rules as pure functions. test_audit.py, an integration test, damages real stores in each way."""

import json
from dataclasses import replace
from typing import Any

import pytest

from domain.commit import Commit, Recorded, events_of, stream_of
from domain.events import WishAccepted
from domain.seats import Seat
from domain.wish import Command, HideWish, RecordWish, ReleaseWish, decide, fold
from lastwish.aws.generations import Entry
from lastwish.maintenance.checks import differences
from lastwish.maintenance.compare import digest
from lastwish.maintenance.dead_letters import subjects
from lastwish.maintenance.picture import Model, Picture, Stored
from lastwish.maintenance.reading import has_tag
from tests.support.samples import NOON, WISH_ID, submitted


def commit(version: int = 1, seat: int = 1) -> Commit:
    events = decide(RecordWish(submitted(), WishAccepted(), Seat("mars", seat)), None)
    recorded = tuple(Recorded(event, NOON) for event in events)
    return Commit(stream_of(WISH_ID), version, "commit", NOON, "request", None, recorded)


def row(**changes: Any) -> dict[str, Any]:
    kept = {
        "destination": "mars",
        "outcome": "boarded",
        "visibility": "shown",
        "seat": 1,
        "message": "Look after my dog",
        "version": 1,
        "shown_at": NOON.isoformat(),
    }
    return kept | changes


def picture(**changes: Any) -> Picture:
    """One wish, and all stores agree."""
    whole: dict[str, Any] = {
        "stored": {WISH_ID: Stored.of([commit()])},
        "marks": {"mars": 1},
        "free": {"mars": {2}},
    }
    model: dict[str, Any] = {
        "rows": [("pod#mars#1", WISH_ID, row())],
        "totals": {"mars_boarded": 1, "mars_waitlisted": 0, "feed": 1},
        "minutes": {"2045-01-01T12:00": {"mars_boarded": 1}},
        "feed": {1: [f"pod#mars#1/{WISH_ID}"]},
    }
    model |= {name: changes.pop(name) for name in vars(Model()).keys() & changes.keys()}
    return Picture(**whole | changes, models={1: Model(**model)})


def test_stores_that_agree_have_no_difference() -> None:
    assert differences(picture()) == []
    assert differences(Picture()) == []


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        ({"stored": {WISH_ID: Stored.of([commit(version=2)])}}, "gap"),
        ({"stored": {WISH_ID: Stored.of([])}}, "no-beginning"),
        ({"marks": {}}, "seat-above-mark"),
        ({"free": {"mars": {1}}}, "seat-free"),
        ({"totals": {"mars_boarded": 1, "jupiter_boarded": 1, "feed": 1}}, "totals"),
        ({"minutes": {}}, "minutes"),
        ({"rows": []}, "row-missing"),
        ({"rows": [("pod#mars#1", WISH_ID, row(seat=2))]}, "row-differs"),
        ({"rows": [("pod#mars#1", WISH_ID, row(name="Ana"))]}, "row-differs"),
        ({"feed": {}}, "feed-missing"),
        ({"feed": {2: [f"pod#mars#1/{WISH_ID}"]}}, "feed-hole"),
        ({"feed": {1: [f"pod#mars#9/{WISH_ID}"]}}, "feed-without-row"),
    ],
)
def test_damage_is_named(damage: dict[str, Any], kind: str) -> None:
    assert kind in {each.kind for each in differences(picture(**damage))}


def moderated(*commands: Command) -> Stored:
    """The wish of the picture after these commands, a commit each."""
    commits = [commit()]
    for version, command in enumerate(commands, start=2):
        events = decide(command, fold(events_of(commits)))
        recorded = tuple(Recorded(event, NOON) for event in events)
        commits.append(Commit(stream_of(WISH_ID), version, f"commit {version}", NOON, "request", None, recorded))
    return Stored.of(commits)


PLACE = f"pod#mars#1/{WISH_ID}"


@pytest.mark.parametrize(
    ("commands", "feed", "news", "kinds"),
    [
        ([HideWish()], [PLACE], [PLACE], set()),
        ([HideWish()], [PLACE], [], {"feed-not-withdrawn"}),
        ([HideWish()], [], [PLACE], set()),
        ([HideWish()], [], [], set()),
        ([HideWish(), ReleaseWish()], [PLACE], [PLACE], set()),
        ([HideWish(), ReleaseWish()], [], [PLACE], set()),
        ([HideWish(), ReleaseWish()], [], [], {"feed-missing"}),
        ([HideWish()], [PLACE, PLACE], [PLACE], {"feed-twice"}),
    ],
)
def test_what_an_operator_did_is_in_the_news(
    commands: list[Command], feed: list[str], news: list[str], kinds: set[str]
) -> None:
    stored = moderated(*commands)
    assert stored.wish is not None
    seen = row(visibility=stored.wish.visibility, version=len(stored.commits))
    changed = picture(
        stored={WISH_ID: stored},
        rows=[("pod#mars#1", WISH_ID, seen)],
        feed={1: feed},
        news={1: news},
        totals={"mars_boarded": 1, "feed": 1, "news": 1},
    )
    assert {each.kind for each in differences(changed)} == kinds


def test_a_hole_in_the_news_is_found() -> None:
    kinds = {each.kind for each in differences(picture(news={2: []}, totals={"mars_boarded": 1, "feed": 1}))}
    assert kinds == {"news-hole", "news-end"}


def test_a_difference_never_quotes_what_was_typed() -> None:
    wrong = picture(rows=[("pod#mars#1", WISH_ID, row(message="Something secret"))])
    said = json.dumps([each.facts() for each in differences(wrong)])
    assert "secret" not in said
    assert "dog" not in said


def test_a_tag_is_found_however_deep() -> None:
    assert has_tag({"events": [{"data": {"message": "a < b"}}]})
    assert has_tag({"words": {"a", "b >"}})
    assert not has_tag({"events": [{"data": {"message": "a &lt; b"}}], "n": 1})


def test_a_row_has_the_same_digest_in_every_generation_and_another_when_it_changes() -> None:
    one = Entry(1, "pod#mars#1", WISH_ID, {"version": 1})
    assert digest(one) == digest(replace(one, generation=2))
    assert digest(one) != digest(replace(one, shelf="pod#mars#2"))
    assert digest(one) != digest(replace(one, name=WISH_ID[::-1]))
    assert digest(one) != digest(replace(one, values={"version": 2}))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (json.dumps({"subject": "a"}), {"a"}),
        (json.dumps([{"subject": "a"}, {"subject": "b"}, {"subject": 7}, 7]), {"a", "b"}),
        (json.dumps({"data": {"message": "subject"}}), set()),
        ("not JSON", set()),
        ("[" * 100_000, set()),
    ],
)
def test_a_dead_letter_says_whom_it_is_about_only_as_its_subject(body: str, found: set[str]) -> None:
    assert subjects(body) == found
