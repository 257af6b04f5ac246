"""API Gateway → console: operators sign in, moderate, and blank the wall. API Gateway has checked the token."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from console.moderation import moderate, read_queue, set_panic
from console.sign_in import sign_in
from infra.aws import at_first_use, client
from infra.dead_letters import LONG_POLL, DeadLetters
from infra.erasure import Places
from infra.event_store import EventStore
from infra.read_model import ReadModel
from infra.settings import ConsoleSettings
from infra.telemetry import count, logger, metrics
from infra.tracing import tracer
from web import error_handlers, responses
from web.requests import CORRELATION_ID, Request
from web.templating import render

settings = ConsoleSettings.from_env()
dynamodb = client("dynamodb")
sqs = at_first_use(client, "sqs", read_timeout=1 + LONG_POLL)  # for erasures
read_model = ReadModel(dynamodb, settings.read_model)
dead_letters = [DeadLetters(sqs, url) for url in settings.dead_letter_urls]
places = Places(EventStore(dynamodb, settings.event_store), read_model, dead_letters)
cognito = at_first_use(client, "cognito-idp")  # to sign in
app = error_handlers.register(APIGatewayRestResolver())


@logger.inject_lambda_context(clear_state=True, correlation_id_path=CORRELATION_ID)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer an API Gateway proxy event."""
    count("Requests")
    return app.resolve(event, context)


def operator_request() -> Request:
    """Return the request if an operator sent it. Raises Problem 403."""
    request = Request(app.current_event).require_operator()
    logger.append_keys(operator=request.user)
    return request


@app.get("/sign-in")
def get_sign_in_page() -> Response[str]:
    return responses.page(render("console.html", Request(app.current_event).language))


@app.post("/sign-in")
def post_sign_in() -> Response[str]:
    request = Request(app.current_event)
    return responses.json_document(sign_in(cognito, settings.user_pool, settings.user_pool_client, request))


@app.get("/console")
def get_console_page() -> Response[str]:
    return responses.page(render("console.html", operator_request().language))


@app.get("/ops/queue")
def get_queue() -> Response[str]:
    operator_request()
    return responses.json_document(read_queue(read_model))


@app.post("/ops/wishes/<wish_id>/<action>")
def post_moderation(wish_id: str, action: str) -> Response[str]:
    request = operator_request()
    return responses.json_document(moderate(places, request.parse_wish_id(wish_id), action, request.correlation_id))


@app.post("/ops/wall/panic")
def post_panic() -> Response[str]:
    return responses.json_document(set_panic(read_model, operator_request().body))
