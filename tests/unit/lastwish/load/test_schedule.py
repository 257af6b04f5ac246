"""Schedule, with greenlets and without a network."""

import gevent

from lastwish.load.plan import PlannedRequest
from lastwish.load.schedule import PendingWish, Schedule


def request(number: int, at: float = 0.0) -> PlannedRequest:
    return PlannedRequest(number, at, "ordinary", f"key {number}", "application/json", b"{}")


def started(*requests: PlannedRequest) -> Schedule:
    schedule = Schedule(requests)
    schedule.begin()
    return schedule


def take(schedule: Schedule) -> PendingWish:
    wish = schedule.take()
    assert wish is not None
    return wish


def test_wishes_are_taken_in_the_order_of_the_plan() -> None:
    schedule = started(request(0), request(1), request(2))
    assert [take(schedule).request.number for _ in range(3)] == [0, 1, 2]


def test_nothing_is_taken_before_its_time() -> None:
    schedule = started(request(0, 0.05))
    assert take(schedule).sent >= 0.05


def test_nothing_is_taken_before_the_load_begins() -> None:
    schedule = Schedule([request(0)])
    waiting = gevent.spawn(schedule.take)
    gevent.sleep(0.01)
    assert not waiting.ready()
    schedule.begin()
    assert waiting.get(timeout=1)


def test_a_wish_that_pauses_does_not_delay_the_next() -> None:
    schedule = started(request(0), request(1))
    schedule.retry(take(schedule), 0.05)
    second = take(schedule)
    assert (second.request.number, second.tries) == (1, 1)
    again = take(schedule)
    assert (again.request.number, again.tries) == (0, 2)
    assert again.sent <= second.sent  # the time of its first try


def test_a_user_that_waits_for_a_later_wish_takes_a_retry_that_is_due_earlier() -> None:
    schedule = started(request(0), request(1, 60.0))
    first = take(schedule)
    waiting = gevent.spawn(schedule.take)
    gevent.sleep(0)
    schedule.retry(first, 0)
    assert waiting.get(timeout=1) is first


def test_it_is_over_when_all_wishes_are_finished_and_all_waiting_users_return() -> None:
    schedule = started(request(0))
    wish = take(schedule)
    waiting = [gevent.spawn(schedule.take) for _ in range(3)]
    gevent.sleep(0)
    assert not schedule.over.is_set()
    schedule.finish(wish)
    assert schedule.over.is_set()
    assert [user.get(timeout=1) for user in waiting] == [None] * 3
    assert schedule.unfinished() == []


def test_after_close_nothing_is_sent_and_unfinished_wishes_are_known() -> None:
    schedule = started(request(0), request(1), request(2, 60.0))
    first, second = take(schedule), take(schedule)
    schedule.retry(second, 60)
    schedule.close()
    assert schedule.take() is None
    assert not schedule.over.is_set()  # the first is in flight
    assert schedule.unfinished() == [first, second]
    schedule.finish(first)
    assert schedule.over.is_set()
