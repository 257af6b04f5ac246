"""One deploy at a time, also with two people and after a crash."""

from collections.abc import Callable

import pytest

from lastwish.shipping.deploying.bucket import Bucket
from lastwish.shipping.deploying.errors import DeployLocked, DeployStopped
from lastwish.shipping.deploying.lock import LEASE, Holder, Lock
from tests.support.clocks import Clock
from tests.support.laptop import wait_until

type Overtaken = Callable[[Callable[[], object]], Bucket]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def anas(bucket: Bucket, clock: Clock) -> Lock:
    return Lock(bucket, "prod", clock)


@pytest.fixture
def bens(bucket: Bucket, clock: Clock) -> Lock:
    return Lock(bucket, "prod", clock)


def test_others_see_who_holds_it_since_when_and_until_when(anas: Lock, bens: Lock, clock: Clock) -> None:
    anas.take("ana", "deploy", 7)
    assert bens.holder() == Holder("ana", "deploy", clock.now, clock.now + LEASE, 7)
    with pytest.raises(DeployLocked) as refused:
        bens.take("ben", "rollback", 8)
    assert "ana holds it for a deploy since 1970-01-12 13:46:40 UTC, until 1970-01-12 14:01:40 UTC" in str(
        refused.value
    )
    assert "`lastwish stop prod` (--force where its process is dead)" in str(refused.value)


def test_it_is_free_after_its_release(anas: Lock, bens: Lock) -> None:
    anas.take("ana", "deploy", 7)
    anas.release()
    assert bens.holder() is None
    bens.take("ben", "deploy", 8)


def test_it_expires_with_a_holder_that_was_killed(anas: Lock, bens: Lock, clock: Clock) -> None:
    anas.take("ana", "deploy", 7)
    clock.now += LEASE + 1
    bens.take("ben", "deploy", 8)
    holder = anas.holder()
    assert holder
    assert holder.user == "ben"


def test_a_holder_that_slept_too_long_finds_out_and_releases_nothing(anas: Lock, bens: Lock, clock: Clock) -> None:
    anas.take("ana", "deploy", 7)
    clock.now += LEASE + 1
    bens.take("ben", "deploy", 8)
    with pytest.raises(DeployLocked, match="taken over"):
        anas.renew()
    anas.release()
    with pytest.raises(DeployLocked):
        anas.take("ana", "deploy", 9)


def test_renewed_it_lasts_longer(anas: Lock, bens: Lock, clock: Clock) -> None:
    anas.take("ana", "deploy", 7)
    clock.now += LEASE - 1
    anas.renew()
    clock.now += LEASE - 1
    with pytest.raises(DeployLocked):
        bens.take("ben", "deploy", 8)


def test_of_two_who_take_a_free_one_at_once_one_is_refused(anas: Lock, clock: Clock, overtaken: Overtaken) -> None:
    bens = Lock(overtaken(lambda: anas.take("ana", "deploy", 7)), "prod", clock)
    with pytest.raises(DeployLocked, match="ana holds it"):
        bens.take("ben", "deploy", 8)


def test_a_request_to_stop_is_not_lost_when_its_holder_renews_at_the_same_time(
    anas: Lock, clock: Clock, overtaken: Overtaken
) -> None:
    anas.take("ana", "deploy", 7)
    Lock(overtaken(anas.renew), "prod", clock).ask_to_stop("ben")
    with pytest.raises(DeployStopped, match="ben asked"):
        anas.renew()


def test_the_holder_is_told_to_stop_and_by_whom(anas: Lock, bens: Lock) -> None:
    anas.take("ana", "deploy", 7)
    bens.ask_to_stop("ben")
    with pytest.raises(DeployStopped, match="ben asked"):
        anas.renew()
    anas.release()
    assert bens.holder() is None


def test_a_request_to_stop_that_comes_last_does_not_keep_it(anas: Lock, bens: Lock) -> None:
    anas.take("ana", "deploy", 7)
    bens.ask_to_stop("ben")
    anas.release()
    assert bens.holder() is None


def test_it_can_be_taken_away_from_a_dead_holder(anas: Lock, bens: Lock) -> None:
    anas.take("ana", "deploy", 7)
    bens.take_away()
    bens.take("ben", "deploy", 8)
    with pytest.raises(DeployLocked):
        anas.renew()


def test_nobody_can_be_asked_to_stop_where_nobody_holds_it(anas: Lock) -> None:
    assert anas.ask_to_stop("ben") is None


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> float:
    """A lease that is renewed many times a second. The clock of these locks does not go by itself."""
    monkeypatch.setattr("lastwish.shipping.deploying.lock.LEASE", 0.1)
    return 0.1


def lasts_until(lock: Lock, moment: float) -> bool:
    holder = lock.holder()
    return holder is not None and holder.until == moment


def test_it_is_renewed_during_a_long_step_and_not_after_it(anas: Lock, bens: Lock, clock: Clock, often: float) -> None:
    anas.take("ana", "deploy", 7)
    with anas.kept():
        for _ in range(3):
            clock.now += 0.9 * often
            assert wait_until(lambda: lasts_until(bens, clock.now + often))
    clock.now += 2 * often
    bens.take("ben", "deploy", 8)


def test_a_request_to_stop_during_a_long_step_is_found_out_after_it(
    anas: Lock, bens: Lock, clock: Clock, often: float
) -> None:
    anas.take("ana", "deploy", 7)
    with anas.kept():
        bens.ask_to_stop("ben")
        clock.now += often / 2
        assert wait_until(lambda: lasts_until(bens, clock.now + often))  # it was read, and renewed again
    with pytest.raises(DeployStopped, match="ben asked"):
        anas.renew()


def test_who_took_it_away_during_a_long_step_is_found_out_after_it(anas: Lock, bens: Lock, often: float) -> None:
    anas.take("ana", "deploy", 7)
    with anas.kept():
        bens.take_away()
        bens.take("ben", "deploy", 8)
    with pytest.raises(DeployLocked, match="taken over"):
        anas.renew()
