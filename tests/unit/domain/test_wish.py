from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import (
    Event,
    UnknownEvent,
    WishAccepted,
    WishBoarded,
    WishErased,
    WishHeld,
    WishRejected,
    WishShown,
    WishSubmitted,
    WishWaitlisted,
    read_stored,
)
from domain.seats import Seat
from domain.wish import (
    BoardFromWaitlist,
    Command,
    EraseWish,
    HideWish,
    RecordWish,
    ReleaseWish,
    Wish,
    decide,
    fold,
)
from tests.support.samples import NOON, submitted

SEAT = Seat("mars", 101)
BOARD = RecordWish(submitted(), WishAccepted(), SEAT)
WAIT = RecordWish(submitted(), WishAccepted(), None)
HOLD = RecordWish(submitted(), WishAccepted(), SEAT, WishHeld(reason="word"))
DELAYED = RecordWish(submitted(), WishAccepted(), SEAT, shown_since=NOON + timedelta(seconds=5))
HOLD_WITHOUT_SEAT = RecordWish(submitted(), WishAccepted(), None, WishHeld(reason="word"))
REJECT = RecordWish(submitted(), WishRejected(reason="only-links"), None)


def history(*commands: Command) -> list[Event]:
    """Return the events after these commands, one after the other."""
    events: list[Event] = []
    for command in commands:
        events += decide(command, fold(events))
    return events


def types(*commands: Command) -> list[type[Event]]:
    return [type(event) for event in history(*commands)]


def test_an_accepted_wish_gets_its_seat_and_is_shown() -> None:
    assert types(BOARD) == [WishSubmitted, WishAccepted, WishBoarded, WishShown]
    assert fold(history(BOARD)) == Wish(
        "mars", None, "Look after my dog", "boarded", False, "shown", seat=101, pod=2, arrives_on=date(2045, 10, 1)
    )


def test_without_a_seat_it_waits() -> None:
    assert types(WAIT) == [WishSubmitted, WishAccepted, WishWaitlisted, WishShown]


def test_a_rejected_wish_is_stored_with_its_reason_and_hidden() -> None:
    assert types(REJECT) == [WishSubmitted, WishRejected]
    wish = fold(history(REJECT))
    assert wish is not None
    assert (wish.status, wish.reason, wish.visibility) == ("rejected", "only-links", "hidden")


def test_a_held_wish_boards_but_is_not_shown() -> None:
    assert types(HOLD) == [WishSubmitted, WishAccepted, WishBoarded, WishHeld]
    wish = fold(history(HOLD))
    assert wish is not None
    assert (wish.status, wish.visibility_at(NOON), wish.held_for) == ("boarded", "held", "word")


def test_a_wish_that_nothing_holds_is_pending_until_its_time_has_come() -> None:
    wish = fold(history(DELAYED))
    assert wish is not None
    assert wish.visibility_at(NOON + timedelta(seconds=4.9)) == "pending"
    assert wish.visibility_at(NOON + timedelta(seconds=5)) == "shown"


@pytest.mark.parametrize(
    ("commands", "visibility"),
    [
        ([HOLD, ReleaseWish()], "shown"),
        ([HOLD_WITHOUT_SEAT, ReleaseWish()], "shown"),
        ([HOLD, HideWish()], "hidden"),
        ([HOLD, HideWish(), ReleaseWish()], "shown"),
        ([BOARD, HideWish()], "hidden"),
        ([DELAYED, HideWish()], "hidden"),
        ([DELAYED, ReleaseWish()], "shown"),
        ([WAIT, HideWish(), BoardFromWaitlist(SEAT)], "hidden"),
        ([REJECT, ReleaseWish()], "hidden"),
        ([HOLD, EraseWish(), ReleaseWish()], "hidden"),
    ],
)
def test_the_last_command_of_an_operator_decides_the_visibility(commands: list[Command], visibility: str) -> None:
    wish = fold(history(*commands))
    assert wish is not None
    assert wish.visibility_at(NOON) == visibility


@pytest.mark.parametrize("command", [BOARD, WAIT, REJECT, HOLD, EraseWish(), ReleaseWish(), HideWish()])
def test_a_repeated_command_decides_nothing(command: Command) -> None:
    first = [] if isinstance(command, RecordWish) else [HOLD]
    assert history(*first, command, command) == history(*first, command)


def test_a_waiting_wish_boards_when_a_seat_returns() -> None:
    wish = fold(history(WAIT, BoardFromWaitlist(SEAT)))
    assert wish is not None
    assert (wish.status, wish.seat, wish.pod) == ("boarded", 101, 2)


@pytest.mark.parametrize("first", [BOARD, REJECT])
def test_only_a_waiting_wish_boards_later(first: Command) -> None:
    assert decide(BoardFromWaitlist(Seat("mars", 7)), fold(history(first))) == []


def test_an_erased_wish_gives_no_text_and_keeps_its_seat() -> None:
    named = submitted().model_copy(update={"name": "Ana"})
    before = fold(history(RecordWish(named, WishAccepted(), SEAT)))
    assert before is not None
    assert (before.name, before.message) == ("Ana", "Look after my dog")
    wish = fold(history(RecordWish(named, WishAccepted(), SEAT), EraseWish()))
    assert wish is not None
    assert (wish.status, wish.outcome, wish.seat) == ("erased", "boarded", 101)
    assert (wish.name, wish.message) == (None, None)
    assert wish.visibility == "hidden"


def test_an_erased_wish_neither_boards_nor_shows_again() -> None:
    events = history(WAIT, EraseWish())
    assert decide(BoardFromWaitlist(SEAT), fold(events)) == []
    assert fold([*events, WishShown(by="rules")]) == fold(events)


NEVER = EraseWish(submitted().model_copy(update={"name": "Ana"}))


def test_a_wish_that_is_erased_before_it_is_stored_never_has_text() -> None:
    events = history(NEVER)
    assert [type(event) for event in events] == [WishSubmitted, WishErased]
    assert "Ana" not in repr(events)
    assert "dog" not in repr(events)
    wish = fold(events)
    assert wish == Wish("mars", None, None, "submitted", erased=True, visibility="hidden")
    assert wish.status == "erased"


@pytest.mark.parametrize(
    "command", [BOARD, WAIT, REJECT, HOLD, BoardFromWaitlist(SEAT), ReleaseWish(), HideWish(), NEVER]
)
def test_nothing_happens_to_a_wish_that_was_erased_before_it_was_stored(command: Command) -> None:
    assert decide(command, fold(history(NEVER))) == []


@pytest.mark.parametrize("command", [BoardFromWaitlist(SEAT), EraseWish(), ReleaseWish(), HideWish()])
def test_a_command_on_no_wish_decides_nothing(command: Command) -> None:
    assert decide(command, None) == []


ALL = [BOARD, WAIT, REJECT, HOLD, DELAYED, BoardFromWaitlist(SEAT), EraseWish(), NEVER, ReleaseWish(), HideWish()]


@given(st.lists(st.sampled_from(ALL), max_size=10))
def test_a_wish_has_one_submission_at_most_one_seat_and_at_most_one_erasure(commands: list[Command]) -> None:
    found = types(*commands)
    assert found.count(WishSubmitted) <= 1
    assert found.count(WishBoarded) <= 1
    assert found.count(WishErased) <= 1


@given(st.lists(st.sampled_from(ALL), max_size=10))
def test_an_erased_or_rejected_wish_is_hidden(commands: list[Command]) -> None:
    wish = fold(history(*commands))
    if wish is not None and wish.status in ("erased", "rejected"):
        assert wish.visibility_at(NOON) == "hidden"


def test_an_unknown_event_folds_to_nothing() -> None:
    unknown = read_stored("lastwish.wish.teleported.v9", {"where": "home"})
    assert unknown == UnknownEvent(type_name="lastwish.wish.teleported.v9")
    assert fold([*history(BOARD), unknown]) == fold(history(BOARD))
