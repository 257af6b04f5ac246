from collections import Counter
from datetime import datetime, timedelta

import pytest

from domain.commit import Commit, Recorded, stream_of, wish_of
from domain.events import (
    Event,
    WishAccepted,
    WishBoarded,
    WishErased,
    WishHeld,
    WishHidden,
    WishRejected,
    WishShown,
    WishWaitlisted,
)
from domain.projection import Change, change_since, home_of, state_at, totals_of
from domain.seats import Seat
from tests.support.samples import NOON, WISH_ID, submitted

MINUTE = timedelta(minutes=1)
SEAT = Seat("mars", 101)
BOARDED = WishBoarded(seat=SEAT.number, pod=SEAT.pod, arrives_on=SEAT.arrives_on)
SHOWN, RELEASED = WishShown(by="rules"), WishShown(by="operator")
BOARDS = (submitted(), WishAccepted(), BOARDED, SHOWN)
WAITS = (submitted(), WishAccepted(), WishWaitlisted(), SHOWN)
HELD = (submitted(), WishAccepted(), BOARDED, WishHeld(reason="word"))
REJECTED = (submitted(), WishRejected(reason="only-links"))
AT_SHIP, WAITING = "pod#mars#2", f"waitlisted#mars#{WISH_ID[0]}"


def stream(*commits: tuple[Event, ...]) -> list[Commit]:
    """Return commits with these events, the first at noon, each a minute after the one before."""
    return [
        Commit(
            stream_of(WISH_ID),
            version,
            f"commit {version}",
            NOON + (version - 1) * MINUTE,
            "request-1",
            None,
            tuple(Recorded(event, NOON + (version - 1) * MINUTE) for event in events),
        )
        for version, events in enumerate(commits, start=1)
    ]


def change(*commits: tuple[Event, ...], since: int = 0) -> Change:
    found = change_since(WISH_ID, stream(*commits), since)
    assert found is not None
    return found


def test_a_new_wish_is_a_whole_row() -> None:
    commits = stream(BOARDS)
    assert change(BOARDS) == Change(
        wish_id=WISH_ID,
        version_before=0,
        before=None,
        version=1,
        after=state_at(commits, 1),  # type: ignore[arg-type]
        home=AT_SHIP,
        minute="2045-01-01T12:00",
        shown_at=NOON,
        delay=timedelta(0),
        held_at=None,
        is_moderated=False,
    )


def test_the_change_since_a_version_goes_to_the_end_of_the_stream() -> None:
    commits = stream(WAITS, (BOARDED,), (WishHidden(by="operator"),))
    found = change_since(WISH_ID, commits, 1)
    assert found is not None
    assert (found.version_before, found.version) == (1, 3)
    assert (found.before, found.after) == (state_at(commits, 1), state_at(commits, 3))
    assert found.minute == "2045-01-01T12:00"


@pytest.mark.parametrize("version", [1, 2])
def test_a_row_that_is_at_the_end_or_beyond_changes_nothing(version: int) -> None:
    assert change_since(WISH_ID, stream(BOARDS), version) is None


@pytest.mark.parametrize(
    "commits",
    [[], stream((WishErased(),)), stream((WishErased(),), BOARDS)],
    ids=["no commit", "no submission", "a submission too late"],
)
def test_what_does_not_begin_a_wish_has_no_home_and_no_change(commits: list[Commit]) -> None:
    assert home_of(WISH_ID, commits) is None
    assert change_since(WISH_ID, commits, 0) is None


@pytest.mark.parametrize(
    ("events", "home"),
    [
        (BOARDS, AT_SHIP),
        (WAITS, WAITING),
        (REJECTED, f"rejected#mars#{WISH_ID[0]}"),
        ((submitted(), WishBoarded(seat=None, pod=None, arrives_on=None)), "pod#mars#0"),
    ],
    ids=["boarded", "waitlisted", "rejected", "boarded before seats were numbered"],
)
def test_each_wish_has_a_home(events: tuple[Event, ...], home: str) -> None:
    assert home_of(WISH_ID, stream(events, (WishErased(),))) == home


def test_a_wish_that_boards_later_keeps_its_home_and_has_a_second_row() -> None:
    later = change(WAITS, (BOARDED,), since=1)
    assert (later.home, later.row_count) == (WAITING, 2)
    assert change(BOARDS).row_count == change(WAITS).row_count == 1


def test_each_wish_counts_once_under_its_outcome() -> None:
    assert change(BOARDS).totals == {"mars_boarded": 1}
    assert change(WAITS, (BOARDED,)).totals == {"mars_boarded": 1}
    assert change(WAITS, (BOARDED,), since=1).totals == {"mars_waitlisted": -1, "mars_boarded": 1}
    assert dict(change(BOARDS, (WishErased(),), since=1).totals) == {}


def test_totals_of_many_changes_are_their_sum_without_zeros() -> None:
    moved = change(WAITS, (BOARDED,), since=1)
    totals = totals_of([change(WAITS), change(BOARDS), moved, change(BOARDS)])
    assert dict(totals) == {"mars_boarded": 3}
    assert totals_of([]) == Counter()


@pytest.mark.parametrize(
    ("later", "shown_at"),
    [
        ((), NOON),
        ((RELEASED,), NOON + MINUTE),
        ((WishShown(by="rules", since=NOON + 5 * MINUTE),), NOON + 5 * MINUTE),
    ],
    ids=["by the rules", "by an operator", "later"],
)
def test_a_wish_is_shown_from_its_last_showing_on(later: tuple[Event, ...], shown_at: datetime) -> None:
    assert change(BOARDS, later).shown_at == shown_at


def test_a_wish_waits_for_its_time_and_no_longer_than_its_delay_from_now() -> None:
    delayed = change((*WAITS[:3], WishShown(by="rules", since=NOON + 5 * MINUTE)))
    assert (delayed.shown_at, delayed.delay) == (NOON + 5 * MINUTE, 5 * MINUTE)
    assert delayed.due_at(NOON + MINUTE) == NOON + 5 * MINUTE
    assert delayed.due_at(NOON - MINUTE) == NOON + 4 * MINUTE  # the worker's clock was fast


def test_a_wish_that_is_not_shown_has_no_delay() -> None:
    held = change(HELD)
    assert (held.shown_at, held.delay) == (None, timedelta(0))
    assert held.due_at(NOON) == NOON


def test_a_held_wish_waits_since_its_first_commit_and_is_not_shown() -> None:
    held = change(HELD, ())
    assert (held.held_at, held.shown_at) == ("2045-01-01T12:00:00+00:00", None)
    assert change(HELD, (RELEASED,)).held_at is None


@pytest.mark.parametrize(
    ("later", "is_moderated"),
    [
        ((WishHidden(by="operator"),), True),
        ((WishErased(),), True),
        ((RELEASED,), True),
        ((SHOWN,), False),
        ((BOARDED,), False),
    ],
    ids=["hidden", "erased", "released", "shown by the rules", "boarded"],
)
def test_what_an_operator_did_is_moderation(later: tuple[Event, ...], is_moderated: bool) -> None:
    assert change(WAITS, later, since=1).is_moderated == is_moderated
    assert not change(WAITS, later, (BOARDED,), since=2).is_moderated


@pytest.mark.parametrize(
    ("commits", "since", "is_new"),
    [
        ([BOARDS], 0, True),
        ([WAITS], 0, True),
        ([HELD], 0, False),
        ([REJECTED], 0, False),
        ([WAITS, (BOARDED,)], 1, False),
        ([BOARDS, (RELEASED,)], 0, False),
    ],
    ids=["boarded", "waitlisted", "held", "rejected", "seen before", "released"],
)
def test_the_rules_show_a_wish_once(commits: list[tuple[Event, ...]], since: int, is_new: bool) -> None:
    assert change(*commits, since=since).is_new_on_the_wall == is_new


def test_a_stream_says_whose_it_is() -> None:
    assert wish_of(stream_of(WISH_ID)) == WISH_ID
