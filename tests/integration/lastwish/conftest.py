"""Worker and projector on moto, and a ledger, for every command."""

from pathlib import Path
from types import ModuleType

import pytest

from tests.support.aws import Aws
from tests.support.chain import Chain, FakeLambdaClient
from tests.support.functions import Invoke


@pytest.fixture
def chain(aws: Aws, worker: ModuleType, projector: ModuleType, invoke: Invoke, tmp_path: Path) -> Chain:
    return Chain(aws, worker, projector, invoke, tmp_path / "ledger.jsonl", FakeLambdaClient(mars=1000))
