"""What is sent next, with greenlets and without a network."""

import gevent

from lastwish.load.agenda import MOST_ASKED, Agenda, Underway
from lastwish.load.plan import Planned


def planned(number: int, at: float = 0.0) -> Planned:
    return Planned(number, at, "ordinary", f"key {number}", "application/json", b"{}")


def begun(*requests: Planned) -> Agenda:
    agenda = Agenda(requests)
    agenda.begin()
    return agenda


def taken(agenda: Agenda) -> Underway:
    wish = agenda.take()
    assert wish is not None
    return wish


def test_wishes_are_taken_in_the_order_of_the_plan() -> None:
    agenda = begun(planned(0), planned(1), planned(2))
    assert [taken(agenda).planned.number for _ in range(3)] == [0, 1, 2]


def test_nothing_is_taken_before_its_time() -> None:
    agenda = begun(planned(0, 0.05))
    assert taken(agenda).sent >= 0.05


def test_nothing_is_taken_before_the_run_begins() -> None:
    agenda = Agenda([planned(0)])
    waiting = gevent.spawn(agenda.take)
    gevent.sleep(0.01)
    assert not waiting.ready()
    agenda.begin()
    assert waiting.get(timeout=1)


def test_pauses_grow_and_are_random_and_longer_than_what_was_asked() -> None:
    for tries, bound in ((1, 1), (2, 2), (5, 16), (6, 30), (20, 30)):
        pauses = [Underway(planned(0), 0.0, tries).pause(0) for _ in range(300)]
        assert 0 <= min(pauses) < 0.3 * bound
        assert 0.7 * bound < max(pauses) <= bound
    assert 45 <= Underway(planned(0), 0.0, 1).pause(45) <= 46
    assert MOST_ASKED <= Underway(planned(0), 0.0, 1).pause(3600) <= MOST_ASKED + 1


def test_a_pause_of_one_keeps_no_other_waiting() -> None:
    agenda = begun(planned(0), planned(1))
    agenda.again(taken(agenda), 0.05)
    second = taken(agenda)
    assert (second.planned.number, second.tries) == (1, 1)
    again = taken(agenda)
    assert (again.planned.number, again.tries) == (0, 2)
    assert again.sent <= second.sent  # when it was sent first


def test_who_waits_for_a_later_wish_takes_one_that_comes_back_earlier() -> None:
    agenda = begun(planned(0), planned(1, 60.0))
    first = taken(agenda)
    waiting = gevent.spawn(agenda.take)
    gevent.sleep(0)
    agenda.again(first, 0)
    assert waiting.get(timeout=1) is first


def test_it_is_over_when_all_are_done_and_all_who_wait_are_told() -> None:
    agenda = begun(planned(0))
    wish = taken(agenda)
    waiting = [gevent.spawn(agenda.take) for _ in range(3)]
    gevent.sleep(0)
    assert not agenda.over.is_set()
    agenda.done(wish)
    assert agenda.over.is_set()
    assert [each.get(timeout=1) for each in waiting] == [None] * 3
    assert agenda.left() == []


def test_after_its_close_nothing_is_sent_and_what_has_no_answer_is_known() -> None:
    agenda = begun(planned(0), planned(1), planned(2, 60.0))
    first, second = taken(agenda), taken(agenda)
    agenda.again(second, 60)
    agenda.close()
    assert agenda.take() is None
    assert not agenda.over.is_set()  # the first is in flight
    assert agenda.left() == [first, second]
    agenda.done(first)
    assert agenda.over.is_set()
