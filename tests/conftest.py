"""What every test stands on: a fixed environment, no way to reach a real account, and one stack for all who need it."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.laptop import Laptop, Stack, start_detached

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    POWERTOOLS_METRICS_NAMESPACE="LastWish/lastwish-local",
    POWERTOOLS_SERVICE_NAME="tests",
    POWERTOOLS_TRACER_CAPTURE_RESPONSE="false",
    POWERTOOLS_TRACER_CAPTURE_ERROR="false",
)
for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
    os.environ.pop(name, None)

# No timing is asserted. `make nightly` tries more, and others every night.
settings.register_profile("short", deadline=None)
settings.register_profile(
    "long",
    deadline=None,
    max_examples=2_000,
    derandomize=False,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("short")


@pytest.fixture(scope="module", autouse=True)
def nothing_left_open() -> Iterator[None]:
    """Fails the module that left a socket or file open, not the one during which it is found."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack that all tests share which do not break it."""
    running = start_detached(Laptop(tmp_path_factory.mktemp("shared") / "home"))
    yield running
    done = running.run("down", "--json")
    assert done.returncode == 0, done.stderr
    assert running.laptop.is_clean()


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    """A directory where nothing runs, and where nothing may run afterwards."""
    fresh = Laptop(tmp_path / "home")
    yield fresh
    left = fresh.processes()
    if left:
        fresh.run("down")
    assert not left
