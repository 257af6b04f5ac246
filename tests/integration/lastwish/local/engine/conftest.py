"""An engine in this process, with a table and two queues, in which no fault outlives its test."""

from collections.abc import Iterator

import pytest

from lastwish.local import faults
from tests.support.engine_in_process import Engine, engine_in_process


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with engine_in_process(tmp_path_factory.mktemp("engine")) as engine:
        engine.create_store_and_queues()
        yield engine


@pytest.fixture
def engine(served: Engine) -> Iterator[Engine]:
    yield served
    faults.end(served.endpoint)
    served.items()
    for queue in ("lastwish-Pods", "lastwish-PodsDlq"):
        served.take(queue)
