"""The tests of the repository itself open no socket."""

from tests.support.sockets import no_sockets

__all__ = ["no_sockets"]
