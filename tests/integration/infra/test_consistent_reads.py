"""The engines here always read consistently, DynamoDB only where it is asked to: so what is asked is asserted."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from domain.wish import EraseWish
from infra.aggregate import Cause, execute
from lastwish.maintenance import lock, rebuild
from lastwish.maintenance.rebuild import Options
from lastwish.maintenance.reclaim import reclaim
from tests.support.aws import Aws
from tests.support.chain import Chain, FakeLambdaClient, Quiet
from tests.support.functions import Invoke
from tests.support.http import get_event
from tests.support.samples import NOON
from tests.support.wishes import ids

type Read = tuple[str, str, bool]


@pytest.fixture
def chain(aws: Aws, worker: ModuleType, projector: ModuleType, invoke: Invoke, tmp_path: Path) -> Chain:
    return Chain(aws, worker, projector, invoke, tmp_path / "ledger.jsonl", FakeLambdaClient(mars=1000))


def recorded(client: Any) -> list[Read]:
    """Return a list that grows with each read of a client: operation, table, and whether it is consistent."""
    reads: list[Read] = []

    def record(operation: str) -> Callable[..., None]:
        def of_call(params: dict[str, Any], **_: Any) -> None:
            requests = params.get("RequestItems") or {params["TableName"]: params}
            reads.extend((operation, name, each.get("ConsistentRead", False)) for name, each in requests.items())

        return of_call

    for operation in ("GetItem", "BatchGetItem", "Query", "Scan"):
        client.meta.events.register(f"provide-client-params.dynamodb.{operation}", record(operation))
    return reads


def test_the_worker_reads_consistently(chain: Chain) -> None:
    reads = recorded(chain.worker.dynamodb)
    chain.send(1)
    chain.worker.store.read(f"wish#{ids(1)[0]}")
    assert {operation for operation, *_ in reads} == {"BatchGetItem", "Query"}
    assert [read for read in reads if not read[-1]] == []


def test_the_projector_reads_consistently_which_generations_it_writes_and_what_they_have(chain: Chain) -> None:
    chain.send(1)
    reads = recorded(chain.projector.dynamodb)
    execute(chain.worker.store, ids(1)[0], EraseWish(), Cause("erase", "operator", NOON))
    chain.project()
    assert {operation for operation, *_ in reads} == {"BatchGetItem", "GetItem", "Query"}
    assert [read for read in reads if not read[-1]] == []


def test_a_receipt_is_read_consistently(chain: Chain, frontend: ModuleType) -> None:
    [wish_id] = chain.send(1)
    reads = recorded(frontend.dynamodb)
    chain.invoke(frontend, get_event(f"/wishes/{wish_id}"))
    assert reads == [("Query", "EventStore", True)]


def test_rebuild_and_reclaim_read_consistently(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LEASE", 2.0)
    chain.send(1)
    reads = recorded(chain.aws.dynamodb)
    rebuild.rebuild(chain.stores, Options(wait=0, patience=0), Quiet())
    reclaim(chain.stores, 0)
    # The guess for the progress bar may be old.
    assert {read for read in reads if not read[-1]} <= {("GetItem", "ReadModel", False)}
    assert {("Scan", "EventStore", True), ("Scan", "ReadModel", True), ("GetItem", "Seats", True)} <= set(reads)
