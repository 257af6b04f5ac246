"""Turn errors into HTTP responses. No other module does."""

from collections.abc import Callable

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from domain.errors import TransientError
from infra.telemetry import count, count_by, count_failure, describe, logger
from infra.tracing import record_error
from web import problems, responses
from web.requests import Request

NOT_REFUSED = ("wish-not-found", "trace-not-found")  # an early request is no refusal: it is sent again

type ProblemResponse = Callable[[Request, problems.Problem], Response[str]]


def register(app: APIGatewayRestResolver, answer: ProblemResponse = responses.problem) -> APIGatewayRestResolver:
    """Make the app log, count and answer every error that a route raises. Return the app."""

    def respond(problem: problems.Problem) -> Response[str]:
        return answer(Request(app.current_event), problem)

    def handle_problem(problem: problems.Problem) -> Response[str]:
        if problem.kind not in NOT_REFUSED:
            count_by("Refused", "problem", problem.kind)
            logger.info("request refused", extra={"problem": problem.kind})
        return respond(problem)

    def handle_transient(error: TransientError) -> Response[str]:
        count("Unavailable")
        count_failure(error)
        record_error(error)
        logger.error("not available", extra=describe(error))
        return respond(problems.unavailable() if Request(app.current_event).is_post else problems.read_unavailable())

    def handle_unexpected(error: Exception) -> Response[str]:
        count("Unexpected")
        record_error(error)
        logger.error("unexpected error", extra=describe(error))
        return respond(problems.internal())

    app.exception_handler(problems.Problem)(handle_problem)
    app.exception_handler(TransientError)(handle_transient)
    app.exception_handler(Exception)(handle_unexpected)
    app.not_found(lambda _: respond(problems.not_found()))
    return app
