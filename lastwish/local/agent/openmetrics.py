"""Show the agent's metrics at `GET /metrics`, as Prometheus reads them: the same points that CloudWatch gets.

prometheus_client counts and writes. It is an extra: without it the agent works as ever, and says here what is missing.
"""

import hmac
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lastwish.local.agent.emf import Point
from observability.series import CATALOGUE, Series, series

PATH, SCHEME = "/metrics", "LastWish"
MISSING = "prometheus_client is not installed: `make setup`, then `lastwish down` and `lastwish up`"
# Seconds; those of the objectives are among them.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_SECONDS = {"Milliseconds": 0.001}

Totals = Callable[[], Mapping[tuple[str, str], float]]  # of AWS/Lambda, by metric and service


def token(key: str) -> str:
    """Return what lets a scraper in, here and nowhere else. The stack's key does not follow from it."""
    return hmac.digest(key.encode(), b"metrics", "sha256").hex()


def credentials(key: str) -> str:
    """Return the token as the door finds it in a header: Prometheus can send Authorization and no other."""
    return f"Credential={token(key)}"


class Exposition:
    """Counts points. ``names`` are the values of labels by physical name. Raises ImportError without the extra."""

    def __init__(self) -> None:
        import prometheus_client

        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.names: dict[str, str] = {}
        self.totals: Totals = dict
        self._registry = prometheus_client.CollectorRegistry()
        self._shown: dict[str, Any] = {}
        for each in CATALOGUE.values():
            if not each.name.startswith("lastwish_function_"):
                self._add(each, getattr(prometheus_client, each.kind))
        self._registry.register(self)

    def _add(self, each: Series, kind: Any) -> None:
        more = {"buckets": BUCKETS} if each.kind == "Histogram" else {}
        labels = tuple(each.labels.values())
        for name in filter(None, (each.name, each.events)):
            self._shown[name] = kind(name, each.about, labels, registry=self._registry, **more)
            for values in each.known:
                self._shown[name].labels(*values)

    def add(self, point: Point) -> None:
        """Count a point. One that is not in the catalogue is left out."""
        dimensions = dict(point.dimensions)
        shown = series(point.namespace, point.name, dimensions)
        if shown is None or shown.name not in self._shown:
            return
        labels = [self.names.get(dimensions[name], dimensions[name]) for name in shown.labels]
        child, value = self._shown[shown.name].labels(*labels), point.value * _SECONDS.get(point.unit, 1)
        if shown.kind == "Counter":
            child.inc(max(value, 0))
        elif shown.kind == "Gauge":
            child.set(value)
        else:
            child.observe(value)
        if shown.events:
            self._shown[shown.events].labels(*labels).inc()

    def collect(self) -> Iterator[Any]:
        """Yield what the engine counts: prometheus_client asks at each scrape."""
        from prometheus_client.core import CounterMetricFamily

        totals = self.totals()
        for (namespace, metric, _), each in CATALOGUE.items():
            if namespace == "AWS/Lambda" and totals:
                family = CounterMetricFamily(each.name, each.about, labels=list(each.labels.values()))
                for (service,) in each.known:
                    family.add_metric([service], totals.get((metric, service), 0))
                yield family

    def describe(self) -> list[Any]:
        """Return nothing: registering must not ask the engine."""
        return []

    def answer(self, accept: str) -> Response:
        """Return all as OpenMetrics, or as Prometheus' older text where that is all that is accepted."""
        from prometheus_client.exposition import choose_encoder

        encode, content_type = choose_encoder(accept)
        return Response(encode(self._registry), headers={"content-type": content_type})


def exposition() -> Exposition | None:
    """Return one, or None where prometheus_client is not installed."""
    try:
        return Exposition()
    except ImportError:
        return None


def endpoint(shown: Exposition | None) -> ASGIApp:
    """Return the ASGI application of PATH."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if shown is None:
            response: Response = PlainTextResponse(f"{MISSING}\n", 501)
        else:
            response = await run_in_threadpool(shown.answer, Request(scope).headers.get("accept", ""))
        await response(scope, receive, send)

    return answer


def layer(app: ASGIApp, metrics: ASGIApp) -> ASGIApp:
    """Return an ASGI layer that lets `metrics` answer GET PATH and passes every other request on."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and (scope["method"], scope["path"]) == ("GET", PATH)
        await (metrics if asked else app)(scope, receive, send)

    return answer
