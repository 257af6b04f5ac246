"""A fixture for tests that open no socket."""

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def no_sockets() -> None:
    """Make every attempt to open a socket fail."""
    pytest_socket.disable_socket(allow_unix_socket=True)
