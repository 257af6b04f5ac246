"""EventStore's stream → projector → ReadModel: apply each new commit to every live generation."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from domain.commit import Commit, events_of, wish_of
from domain.errors import TransientError
from domain.events import UnknownEvent
from infra.aws import client
from infra.event_store import EventStore, commit_of
from infra.read_model import ReadModel
from infra.settings import ProjectorSettings
from infra.slos import PROJECTED_WITHIN
from infra.telemetry import count, count_failure, log_outcome, log_outcomes, logger, measure, metrics
from infra.tracing import record_span, tracer
from projector.projecting import project

settings = ProjectorSettings.from_env()
dynamodb = client("dynamodb")
store = EventStore(dynamodb, settings.event_store)
read_model = ReadModel(dynamodb, settings.read_model)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """Project a batch of the table's stream. Raises when it cannot: the batch comes again, and changes nothing twice.

    Modified commits are left out: an erasure modifies them, and appends a commit of its own.
    """
    started = time.time()
    count("Records", len(event["Records"]))
    commits = [commit_of(new["dynamodb"]["NewImage"]) for new in event["Records"] if new["eventName"] == "INSERT"]
    count("UnknownEvents", sum(isinstance(event, UnknownEvent) for event in events_of(commits)))
    try:
        # Read consistently in each invocation: a rebuild relies on it to know when all of them write its generation.
        there, stored_at = read_model.generations(), _stored_at(event)
        for number in sorted(there.live):
            # A late record may have text that was erased before a newer generation began: that has no row to say so.
            count("Projected", project(store, read_model, number, commits, stored_at, anew=number != there.current))
    except TransientError as error:
        count_failure(error)
        raise
    record_projected(commits, started)


def _stored_at(event: dict[str, Any]) -> datetime | None:
    """Return when the newest record was stored, by DynamoDB's clock: to the next second, as the stream rounds down."""
    seconds = max((each["dynamodb"].get("ApproximateCreationDateTime", 0) for each in event["Records"]), default=0)
    return datetime.fromtimestamp(seconds + 1, UTC) if seconds else None


def record_projected(commits: Sequence[Commit], started: float) -> None:
    """Record in log, trace and metrics that these commits are projected. ``started``: seconds of the epoch."""
    now = datetime.now(UTC)
    for commit in commits:
        elapsed = now - commit.time
        count("Stale", int(elapsed > PROJECTED_WITHIN))
        measure("CommitToWall", max(elapsed, timedelta(0)).total_seconds() * 1000)
        ids = {"wish_id": wish_of(commit.stream), "correlation_id": commit.correlation_id}
        record_span("projector", commit.trace_header, started, **ids, outcome="projected")
        log_outcome("wish projected", ids["wish_id"])
    log_outcomes()
