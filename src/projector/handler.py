"""EventStore's stream → projector → ReadModel: apply each new commit to every live generation."""

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from domain.commit import events_of
from domain.errors import TransientError
from domain.events import UnknownEvent
from infra.aws import dynamodb_client
from infra.event_store import EventStore, commit_of
from infra.read_model import ReadModel
from infra.settings import ProjectorSettings
from infra.telemetry import count, count_failure, logger, metrics
from infra.tracing import tracer
from projector.instrumentation import observe
from projector.projecting import project

settings = ProjectorSettings.from_env()
dynamodb = dynamodb_client()
store = EventStore(dynamodb, settings.event_store)
read_model = ReadModel(dynamodb, settings.read_model)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """A batch of the table's stream in. Raises when it cannot go on: the batch comes back, and changes nothing twice.

    Only new commits count. A modified one is an erasure's, which appends a commit of its own.
    """
    began = time.time()
    count("Records", len(event["Records"]))
    commits = [commit_of(each["dynamodb"]["NewImage"]) for each in event["Records"] if each["eventName"] == "INSERT"]
    count("UnknownEvents", sum(isinstance(event, UnknownEvent) for event in events_of(commits)))
    try:
        # Read anew each time, consistently: a rebuild relies on it to know when nobody writes without its generation.
        for generation in sorted(read_model.generations().live):
            applied = project(store, read_model, generation, commits)
            count("Projected", applied)
            extra = {"generation": generation, "commits": len(commits), "applied": applied}
            logger.info("commits projected", extra=extra)
    except TransientError as error:
        count_failure(error)
        raise
    observe(commits, began)
