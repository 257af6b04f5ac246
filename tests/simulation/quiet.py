"""Logs and metrics that say nothing: they cost more than all the rest, and have tests of their own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import stamina.instrumentation

from infra import telemetry


class Quiet:
    """Stands in for Powertools' logger and metrics: decorators that add nothing, and calls that do nothing."""

    service = "simulation"

    def inject_lambda_context(self, **_: Any) -> Callable[[Any], Any]:
        return lambda handler: handler

    log_metrics = inject_lambda_context

    @contextmanager
    def append_context_keys(self, **_: Any) -> Iterator[None]:
        yield

    def _nothing(self, *_: Any, **__: Any) -> None: ...

    debug = info = warning = error = exception = append_keys = add_metric = add_dimension = _nothing


def silence() -> None:
    """Replace them, before any module imports them by name."""
    stamina.instrumentation.set_on_retry_hooks([])
    telemetry.logger = telemetry.metrics = Quiet()  # type: ignore[assignment]
    for name in ("count", "count_by", "measure", "count_failure"):
        setattr(telemetry, name, lambda *_, **__: None)
