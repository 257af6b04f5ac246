"""What several files of tests on the real stack need."""

from collections.abc import Iterator

import pytest

from tests.support.deployed_chain import DeployedChain
from tests.support.laptop import Stack, a_stack


@pytest.fixture(scope="module")
def calm() -> Iterator[Stack]:
    """A stack of its own for a file of tests: a drill begins only where nothing else happens."""
    with a_stack() as stack:
        yield stack


@pytest.fixture
def chain(stack: Stack) -> Iterator[DeployedChain]:
    """The deployed chain of the shared stack."""
    with DeployedChain(stack) as chain:
        yield chain
