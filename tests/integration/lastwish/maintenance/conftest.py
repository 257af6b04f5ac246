"""Worker and projector on moto, and a ledger, for every command."""

from pathlib import Path
from types import ModuleType

import pytest

from lastwish.maintenance import dead_letters
from tests.support.aws import Aws
from tests.support.chain import Chain, FakeLambdaClient
from tests.support.functions import Invoke


@pytest.fixture
def chain(
    aws: Aws, worker: ModuleType, projector: ModuleType, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Chain:
    monkeypatch.setattr(dead_letters, "LONG_POLL", 0)
    return Chain(aws, worker, projector, invoke, tmp_path / "ledger.jsonl", FakeLambdaClient(mars=1000))
