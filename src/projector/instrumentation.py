"""Record each commit that has reached the read model in the log, the trace and the metrics."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from domain.commit import Commit, wish_of
from infra.slos import PROJECTED_WITHIN
from infra.telemetry import count, logger, measure
from infra.tracing import record_span


def record_projected(commits: Sequence[Commit], started: float) -> None:
    """Record these commits. ``started``: when this batch was started, in seconds of the epoch."""
    now = datetime.now(UTC)
    for commit in commits:
        elapsed = now - commit.time
        count("Stale", int(elapsed > PROJECTED_WITHIN))
        measure("CommitToWall", max(elapsed, timedelta(0)).total_seconds() * 1000)
        wish, correlation, header = wish_of(commit.stream), commit.correlation_id, commit.trace_header
        record_span("projector", header, started, wish_id=wish, correlation_id=correlation, outcome="projected")
        logger.info("wish projected", extra={"wish_id": wish, "correlation_id": correlation, "version": commit.version})
