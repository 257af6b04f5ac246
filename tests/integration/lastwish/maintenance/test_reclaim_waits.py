import time
from pathlib import Path
from types import ModuleType

import pytest

from domain.events import WishAccepted
from domain.wish import RecordWish
from infra.aggregate import Cause, execute
from lastwish.maintenance.reclaim import reclaim
from tests.support.aws import Aws
from tests.support.chain import Chain, FakeLambdaClient
from tests.support.functions import Invoke
from tests.support.samples import NOON, submitted
from tests.support.wishes import ids


@pytest.fixture
def chain(aws: Aws, worker: ModuleType, projector: ModuleType, invoke: Invoke, tmp_path: Path) -> Chain:
    return Chain(aws, worker, projector, invoke, tmp_path / "ledger.jsonl", FakeLambdaClient(mars=1000))


def test_a_seat_that_was_leased_before_and_is_stored_meanwhile_is_not_freed(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    [seat] = chain.worker.seats.lease({"mars": 1})["mars"]
    real = time.sleep

    def the_worker_appends(seconds: float) -> None:
        if seconds == 32:  # its timeout, and a margin
            command = RecordWish(submitted(), WishAccepted(), seat)
            execute(chain.worker.store, ids(1)[0], command, Cause("commit", "request", NOON), is_new=True)
        else:
            real(seconds)

    monkeypatch.setattr("lastwish.maintenance.reclaim.time.sleep", the_worker_appends)
    assert reclaim(chain.stores, None).leaked == 0
    assert chain.stores.seats.free("mars") == []
