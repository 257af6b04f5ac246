"""An engine in this process for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lastwish.local.engine.process import answers
from lastwish.polling import wait_until
from tests.support.engine_in_process import Engine, engine_in_process


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with engine_in_process(tmp_path) as serving:
        assert wait_until(lambda: answers(serving.endpoint), 10, 0.01)
        yield serving
