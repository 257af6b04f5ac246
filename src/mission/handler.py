"""API Gateway → mission: the state of the system for operators, and the trace of one wish for everybody. Reads only."""

import re
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from domain.commit import stream_of
from infra.aws import at_first_use, client
from infra.event_store import EventStore
from infra.settings import MissionSettings
from infra.telemetry import count, logger, metrics
from infra.tracing import tracer
from mission.clients import cloudwatch_client, logs_client, xray_client
from mission.cloudwatch import CloudWatch
from mission.logs import log_routes
from mission.overview import Overview
from mission.waterfall import waterfall
from mission.xray import console_url, read_documents
from web import error_handlers, problems, responses
from web.requests import CORRELATION_ID, Request

TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")

settings = MissionSettings.from_env()
store = EventStore(at_first_use(client, "dynamodb"), settings.event_store)  # for the trace of a wish
xray = xray_client()
logs = at_first_use(logs_client)
cloudwatch = CloudWatch(cloudwatch_client(), settings.placeholders)
overview = Overview(cloudwatch, client("sqs"), xray, settings)
xray_url = console_url(xray.meta.region_name) if settings.stage != "local" else None
app = error_handlers.register(APIGatewayRestResolver())
app.include_router(log_routes(logs, settings.log_groups))


@logger.inject_lambda_context(clear_state=True, correlation_id_path=CORRELATION_ID)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer an API Gateway proxy event."""
    count("Requests")
    return app.resolve(event, context)


@app.get("/ops/mission")
def get_overview() -> Response[str]:
    Request(app.current_event).require_operator()
    return responses.json_document(overview.read(datetime.now(UTC)) | {"xray_url": xray_url})


@app.get("/ops/traces/<trace_id>")
def get_trace(trace_id: str) -> Response[str]:
    Request(app.current_event).require_operator()
    if not TRACE_ID.fullmatch(trace_id):
        raise problems.not_found()
    return responses.json_document(_read_trace(trace_id, services=settings.traced_services))


@app.get("/wishes/<wish_id>/trace")
def get_wish_trace(wish_id: str) -> Response[str]:
    wish_id = Request(app.current_event).parse_wish_id(wish_id)
    commits = store.read(stream_of(wish_id))
    if not commits:
        raise problems.not_stored_yet()
    if "Sampled=0" in (commits[0].trace_header or ""):
        raise problems.not_traced()
    trace = _read_trace(commits[0].trace_id, wish_id=wish_id)
    trace["segments"] = [row | {"exceptions": []} for row in trace["segments"]]  # which are for operators
    cache_control = f"public, max-age={60 if trace['complete'] else 2}"
    return responses.json_document(trace, headers={"Cache-Control": cache_control})


def _read_trace(trace_id: str | None, **only: Any) -> dict[str, Any]:
    if trace := trace_id and waterfall(trace_id, read_documents(xray, trace_id, **only)):
        return trace
    raise problems.not_traced(yet=True)
