"""GET /ops/logs: what all functions logged around a moment, for operators. Bounded in what it reads and answers."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, ValidationError

from domain.errors import TransientError
from infra.aws import error_code
from mission.log_search import Query, search
from web import problems, responses
from web.requests import Request

MOST_LINES = 500
_MOST_READ = 5000  # lines of each function
_FIRST, _LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)  # CloudWatch counts from 1970

type Service = Literal["frontend", "console", "parser", "worker", "projector"]


def _spelled_out(value: object) -> object:
    """Refuse a number, which pydantic takes for seconds since 1970."""
    if isinstance(value, str) and not re.match(r"\d{4}-", value):
        raise ValueError("not ISO 8601")
    return value


type Around = Annotated[AwareDatetime, BeforeValidator(_spelled_out)]
type Span = Annotated[float, Field(gt=0, le=60)]  # seconds


class LogsUnavailable(TransientError):  # noqa: N818
    """CloudWatch Logs did not answer, or refused."""


class Moment(BaseModel):
    """The query string: ``span`` seconds before and after a moment, of one function or all, about one wish or all."""

    around: Around = Field(default_factory=lambda: datetime.now(UTC))
    span: Span = 3
    service: Service | None = None
    wish_id: UUID | None = None


def log_routes(client: Any, groups: Iterable[str]) -> APIGatewayRouter:
    """Return the route. ``groups`` are the log groups of the functions, each as ``service=group``."""
    router = APIGatewayRouter()  # type: ignore[no-untyped-call]
    by_service = dict(group.partition("=")[::2] for group in groups)

    @router.get("/ops/logs")
    def get_logs() -> Response[str]:
        moment = _parse(Request(router.current_event).require_operator())
        wanted = {name: group for name, group in by_service.items() if moment.service in (None, name)}
        span, wish_id = timedelta(seconds=moment.span), str(moment.wish_id) if moment.wish_id else None
        around = sorted((_FIRST, moment.around, _LAST))[1]
        query = Query(wish_id, around - span, around + span, limit=MOST_LINES, most_read=_MOST_READ)
        try:
            lines, more = search(client, wanted, query)
        except (BotoCoreError, ClientError) as error:
            raise LogsUnavailable(error_code(error)) from error
        return responses.json_document({"lines": [line.document() for line in lines], "more": more})

    return router


def _parse(request: Request) -> Moment:
    """Return what the query string asks for. Raises Problem 422."""
    given = {name: value for name in Moment.model_fields if (value := request.query(name, None)) is not None}
    try:
        return Moment.model_validate(given)
    except ValidationError as error:
        wrong = {str(fault["loc"][0]) for fault in error.errors()}
        detail = "This is not usable."
        raise problems.bad_query([{"field": n, "code": "invalid", "detail": detail} for n in sorted(wrong)]) from None
