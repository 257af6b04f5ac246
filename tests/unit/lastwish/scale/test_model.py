"""Laws that hold whatever the parameters are, and AWS's own examples of scaling."""

import pytest

from lastwish.scale.deployed import deployed
from lastwish.scale.model import Model, Run, percentile
from lastwish.scale.parameters import Parameters

WISHES, OVER = 2_000, 2.0
# A small stack that all of them keep busy for ten seconds.
SMALL = deployed().replace(stage_rate=200, stage_burst=100, consumers=5)
NEW_ACCOUNT = deployed().replace(concurrency=10)  # new accounts may have no more


def model(p: Parameters = SMALL, *, grain: int = 20, window: float = 0.05, wishes: int = WISHES) -> Model:
    cohorts = wishes // grain
    return Model(p, [OVER * (n + 0.5) / cohorts for n in range(cohorts)], wishes, window)


@pytest.mark.parametrize("until", [0.3, 1.0, 4.0, 1e6])
@pytest.mark.parametrize("p", [SMALL, NEW_ACCOUNT], ids=["small", "new account"])
def test_what_was_promised_is_stored_or_waits_or_is_dead(p: Parameters, until: float) -> None:
    crowd = model(p, window=0.2)
    run = crowd.simulate(until)
    assert run.promised == run.stored + crowd.waiting + run.dead
    assert run.promised <= run.pressed <= WISHES


def test_in_the_end_everybody_is_stored_and_shown() -> None:
    run = model().simulate()
    assert (run.promised, run.stored, run.shown, run.dead) == (WISHES, WISHES, WISHES, 0)


def test_more_pollers_than_environments_bring_messages_to_the_dead_letters() -> None:
    run = model(NEW_ACCOUNT, window=1).simulate()
    assert run.dead > 0
    assert run.stored == WISHES - run.dead


def test_the_throttle_refuses_what_exceeds_it() -> None:
    crowd = model()
    run = crowd.simulate()
    assert run.refused_first > WISHES - 200 * OVER - 100 - 1
    for end, _, promised, *_ in run.series:
        assert promised <= 100 + 200 * end + 1


def test_a_crowd_that_fits_is_not_refused() -> None:
    run = model(deployed()).simulate()
    assert (run.refused_first, run.tries) == (0, WISHES)


def test_littles_law_holds_in_each_line() -> None:
    crowd = model(deployed(), grain=1, window=0.005)
    crowd.simulate()
    lines = [line for line in crowd.chain.lines if line.waited > 10]
    assert lines
    for line in lines:
        assert line.area == pytest.approx(line.waited, rel=0.05)


def until_99_of_100_were_stored(run: Run) -> float:
    return next(end for end, _, _, stored, *_ in run.series if stored >= 0.99 * run.wishes)


def test_a_coarse_grain_tells_the_same_as_a_wish_at_a_time() -> None:
    """All but the very last wish: how long the unluckiest pauses depends on how many pauses are drawn."""
    fine, coarse = model(grain=1, window=0.01).simulate(), model(grain=20, window=0.1).simulate()
    assert coarse.refused_first == pytest.approx(fine.refused_first, rel=0.05)
    assert coarse.tries == pytest.approx(fine.tries, rel=0.1)
    assert until_99_of_100_were_stored(coarse) == pytest.approx(until_99_of_100_were_stored(fine), rel=0.1)
    for share in (0.5, 0.99):
        assert percentile(coarse.seat, share) == pytest.approx(percentile(fine.seat, share), rel=0.1)
        assert percentile(coarse.wall, share) == pytest.approx(percentile(fine.wall, share), rel=0.1)


def test_the_same_seed_is_the_same_run() -> None:
    assert model().simulate() == model().simulate()


@pytest.mark.parametrize(
    "name", ["stage_rate", "consumers", "pollers", "warm_writes", "lanes", "seat_items", "concurrency", "memory_mb"]
)
def test_raising_a_bound_never_makes_it_worse(name: str) -> None:
    """More shards make smaller batches, so a wish may wait for the projector's window once more; nothing else."""
    before, after = model().simulate(), model(SMALL.replace(**{name: 4 * getattr(SMALL, name)})).simulate()
    assert after.last_stored <= 1.03 * before.last_stored
    assert after.last_shown <= 1.03 * before.last_shown + SMALL.projector_window
    assert after.dead <= before.dead


def test_a_function_gets_a_thousand_environments_at_once_and_a_thousand_more_in_ten_seconds() -> None:
    """Lambda's developer guide, "Lambda scaling behavior": 1,000 every ten seconds, until the account's concurrency."""
    slow = deployed().replace(queue_call=60, stage_rate=1e6, account_rate=1e6, requests_per_environment=1e6)
    crowd = model(slow.replace(concurrency=5_500, stage_burst=1e6, account_burst=1e6), wishes=20_000)
    at = {}
    for until in (0.1, 10.1, 20.1, 60.1):
        crowd.env.run(crowd.env.process(crowd._clock(until)))
        at[until] = crowd.chain.frontends.rate
    assert at[0.1] == pytest.approx(1_000, rel=0.05)
    assert at[10.1] == pytest.approx(2_000, rel=0.05)
    assert at[20.1] == pytest.approx(3_000, rel=0.05)
    assert 5_400 < at[60.1] < 5_500  # the others have their part of the account


@pytest.mark.parametrize(("a_minute", "minutes"), [(60, 20), (300, 4)])
def test_a_queue_gets_its_pollers_as_aws_says(a_minute: int, minutes: int) -> None:
    """AWS Compute Blog, "Introducing faster polling scale-up": 60 a minute came to 1,250 in about 20 minutes."""
    p = deployed().replace(pollers_a_minute=a_minute, consumers=1_250, concurrency=10_000, stage_burst=1e6, polling=600)
    crowd = model(p.replace(account_burst=1e6, stage_rate=1e6, account_rate=1e6), wishes=200_000, grain=2_000, window=1)
    crowd.simulate(60 * (minutes - 1))
    pollers = crowd.chain.lines[0].uses[0].bucket
    assert pollers.rate == pytest.approx(5 + a_minute * (minutes - 1), rel=0.02)
    crowd.simulate(60 * (minutes + 1))
    assert pollers.rate == 1_250


def test_a_table_bears_twice_its_peak_after_half_an_hour() -> None:
    """DynamoDB's developer guide, on demand: a new table takes 4,000, and then double the previous peak."""
    p = deployed().replace(stage_rate=1e5, stage_burst=1e5, account_rate=1e5, consumers=1_000, lanes=50, pollers=1_000)
    crowd = model(p.replace(concurrency=1e5, requests_per_environment=1e5), wishes=20_000_000, grain=200_000, window=5)
    store, _ = crowd.chain.tables
    rates = []
    for minutes in (29, 31, 61):
        crowd.simulate(60 * minutes)
        rates.append(store.rate)
    assert rates == [4_000, 8_000, 16_000]
