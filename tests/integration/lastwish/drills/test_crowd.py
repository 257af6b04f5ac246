"""The crowd of a drill, in front of a server that takes every wish."""

from lastwish.drills.crowd import Crowd
from lastwish.drills.drill import Load
from lastwish.polling import wait_until
from tests.support.load_server import Request, load_server


def sent(wishes: int) -> list[Request]:
    with load_server() as server, Crowd(server.url, Load(rate=200), seed=1):
        assert wait_until(lambda: len(server.requests) >= wishes, 10, 0.01)
    return server.requests


def test_a_second_drill_sends_wishes_of_its_own() -> None:
    first, second = sent(5), sent(5)
    assert {request.body for request in first} & {request.body for request in second}
    assert not {request.key for request in first} & {request.key for request in second}
