from domain.events import (
    WishBoarded,
    WishShown,
    read_event,
)


def test_the_first_version_of_boarded_is_read_as_the_second() -> None:
    assert read_event("lastwish.wish.boarded.v1", {}) == WishBoarded(seat=None, pod=None, arrives_on=None)


def test_the_first_version_of_shown_is_read_as_the_second() -> None:
    assert read_event("lastwish.wish.shown.v1", {"by": "rules"}) == WishShown(by="rules", since=None)
