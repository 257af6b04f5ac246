"""What the projector says of each commit that has reached the read model: in the log, the trace and the metrics."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from domain.commit import Commit, wish_of
from infra.slos import PROJECTED_WITHIN
from infra.telemetry import count, logger, measure
from infra.tracing import passed


def observe(commits: Sequence[Commit], began: float) -> None:
    """``began`` is when this batch was taken up, in seconds of the epoch."""
    now = datetime.now(UTC)
    for commit in commits:
        took = now - commit.time
        count("Stale", int(took > PROJECTED_WITHIN))
        measure("CommitToWall", max(took, timedelta(0)).total_seconds() * 1000)
        wish, correlation = wish_of(commit.stream), commit.correlation_id
        passed("projector", commit.trace_header, began, wish_id=wish, correlation_id=correlation, outcome="projected")
        logger.info("wish projected", extra={"wish_id": wish, "correlation_id": correlation, "version": commit.version})
