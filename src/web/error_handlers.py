"""The one place where errors become responses."""

from collections.abc import Callable

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from domain.errors import TransientError
from infra.telemetry import count, count_by, count_failure, describe, logger
from web import problems, responses
from web.requests import Request

NOT_REFUSED = ("wish-not-found", "trace-not-found")  # who asks a little early is not refused, and asks again

type Answer = Callable[[Request, problems.Problem], Response[str]]


def register(app: APIGatewayRestResolver, answer_with: Answer = responses.problem) -> APIGatewayRestResolver:
    """The app, which from now on answers what its routes raise with a problem, and logs it as what it is."""

    def answer(problem: problems.Problem) -> Response[str]:
        return answer_with(Request(app.current_event), problem)

    def refused(problem: problems.Problem) -> Response[str]:
        if problem.kind not in NOT_REFUSED:
            count_by("Refused", "problem", problem.kind)
            logger.info("request refused", extra={"problem": problem.kind})
        return answer(problem)

    def unavailable(error: TransientError) -> Response[str]:
        count("Unavailable")
        count_failure(error)
        logger.error("not available", extra=describe(error))
        return answer(problems.unavailable() if Request(app.current_event).is_post else problems.unreadable())

    def unexpected(error: Exception) -> Response[str]:
        count("Unexpected")
        logger.error("unexpected error", extra=describe(error))
        return answer(problems.internal())

    app.exception_handler(problems.Problem)(refused)
    app.exception_handler(TransientError)(unavailable)
    app.exception_handler(Exception)(unexpected)
    app.not_found(lambda _: answer(problems.not_found()))
    return app
