"""API Gateway → frontend → Inbox: take a wish and answer 202 once it is queued; show pages, feed and receipts."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from snapshot_restore_py import register_before_snapshot

from domain.commit import stream_of
from frontend.escape import escape
from frontend.pages import page_routes, problem_response
from frontend.publishing import annotate, publish
from frontend.receipt import accepted_response, receipt_response
from frontend.submission import read_body
from infra.aws import at_first_use, client
from infra.event_store import EventStore
from infra.queues import Queue
from infra.read_model import ReadModel
from infra.settings import FrontendSettings
from infra.telemetry import count, logger, metrics
from infra.tracing import tracer
from web import error_handlers, responses
from web.latency import record_latency
from web.requests import CORRELATION_ID, Request
from web.wall import feed, manifest

settings = FrontendSettings.from_env()
inbox = Queue(client("sqs"), settings.inbox_url)
dynamodb = at_first_use(client, "dynamodb")  # a form, or a wish, needs none
store = EventStore(dynamodb, settings.event_store)
read_model = ReadModel(dynamodb, settings.read_model)
app = error_handlers.register(APIGatewayRestResolver(), problem_response)
app.include_router(page_routes(settings.public_url))
register_before_snapshot(escape, "<")  # imports bleach, which a start without a snapshot leaves for later


@logger.inject_lambda_context(clear_state=True, correlation_id_path=CORRELATION_ID)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer an API Gateway proxy event."""
    count("Requests")
    return record_latency(event, app.resolve(event, context))


@app.post("/wishes")
def post_wish() -> Response[str]:
    request = Request(app.current_event)
    submission = read_body(request.body, request.content_type, request.idempotency_key, request.fallback_key)
    publish(inbox, submission, request.correlation_id)
    return accepted_response(request, submission.wish_id)


@app.get("/wishes")
def get_feed() -> Response[str]:
    request = Request(app.current_event)
    return responses.cached(request, feed(read_model, request.query("after", ""), request.query("limit", "50")))


@app.get("/manifest")
def get_manifest() -> Response[str]:
    return responses.cached(Request(app.current_event), manifest(read_model, settings.capacity))


@app.get("/wishes/<wish_id>")
def get_receipt(wish_id: str) -> Response[str]:
    request = Request(app.current_event)
    wish_id = annotate(request.parse_wish_id(wish_id), request.correlation_id)
    return receipt_response(request, wish_id, store.read(stream_of(wish_id)), datetime.now(UTC))


@app.get("/health")
def get_health() -> Response[str]:
    return responses.json_document({"status": "ok"})
