"""A recorded show, and the same in Parquet."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from infra import erasure
from lastwish.shipping.memory.duck import Memory
from tests.support.aws import Aws
from tests.support.functions import Invoke, Log
from tests.support.recorded_show import RecordedShow


@pytest.fixture
def show(
    aws: Aws,
    invoke: Invoke,
    log: Log,
    frontend: ModuleType,
    parser: ModuleType,
    worker: ModuleType,
    projector: ModuleType,
    console: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> RecordedShow:
    monkeypatch.setattr(erasure, "_PAUSE", 0)
    monkeypatch.setattr(worker.seats, "capacity", {"mars": 1000, "jupiter": 1})
    functions = {"frontend": frontend, "parser": parser, "worker": worker, "projector": projector, "console": console}
    show = RecordedShow(aws, invoke, log, functions, tmp_path)
    show.perform()
    return show


@pytest.fixture
def journaled(show: RecordedShow) -> Iterator[Memory]:
    with Memory() as memory:
        show.remember(memory)
        yield memory


@pytest.fixture
def parquet(show: RecordedShow, tmp_path: Path) -> Path:
    with Memory() as memory:
        show.remember(memory)
        memory.export(tmp_path / "parquet")
    return tmp_path / "parquet"
