"""The event of MiniStack's real API Gateway has the time at which the proxy got the request."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from lastwish.local.door import ARRIVAL_HEADER, CALLER, PROXY
from lastwish.local.engine import arrival
from lastwish.local.engine.patch import EngineChanged, ministack_module

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # MiniStack's

STAMP = (ARRIVAL_HEADER.encode(), b"2380000000000")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """MiniStack's API Gateway with the correction, as it is again after the test."""
    module = ministack_module("services.apigateway_v1")
    monkeypatch.setattr(module, "_build_lambda_event_v1", module._build_lambda_event_v1)
    arrival.install()
    return module


def event(api: Any, caller: str, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    """Return what a function gets for a request that reaches the engine with these headers."""
    got: list[dict[str, Any]] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        said = {name.decode(): value.decode() for name, value in scope["headers"]}
        resource = {"path": "/wishes", "id": "r"}
        got.append(api._build_lambda_event_v1("a", "local", {}, resource, "/wishes", "GET", said, b"", {}, {}))

    scope = {"type": "http", CALLER: caller, "headers": headers}
    asyncio.run(arrival.layer(app)(scope, None, None))  # type: ignore[arg-type]
    return got[0]


def test_the_functions_event_has_the_arrival_at_the_proxy(api: Any) -> None:
    got = event(api, PROXY, [STAMP])

    assert got["requestContext"]["requestTimeEpoch"] == 2380000000000
    assert ARRIVAL_HEADER not in got["headers"]


@pytest.mark.parametrize(("caller", "headers"), [("commands", [STAMP]), (PROXY, [])])
def test_without_the_proxys_word_it_is_the_engines_own_receipt(
    api: Any, caller: str, headers: list[tuple[bytes, bytes]]
) -> None:
    got = event(api, caller, headers)

    assert got["requestContext"]["requestTimeEpoch"] != 2380000000000
    assert ARRIVAL_HEADER not in got["headers"]


def test_an_engine_that_makes_its_events_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ministack_module("services.apigateway_v1"), "_build_lambda_event_v1")
    with pytest.raises(EngineChanged):
        arrival.install()
