"""Find one wish's trace through the API, or by its annotation while the wish is not stored; read it from X-Ray."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from lastwish.aws.clients import plain_errors
from lastwish.errors import NoSuchWish, NotAnswered, NoTrace, OperatorError
from lastwish.site import Site
from mission.waterfall import waterfall
from mission.xray import console_url, read_documents, read_summaries, start_of

KEPT_BY_X_RAY = timedelta(days=30)
SEARCHED = timedelta(hours=6)  # as far back as X-Ray looks in one question
PAUSE = 0.5


@dataclass(frozen=True)
class Source:
    """``http`` is the API, ``xray`` a client of X-Ray or of the local agent; ``console`` is None on the laptop.

    ``service`` is X-Ray's name of the API: the same wish with the same key has the same id in another stack.
    """

    http: httpx.Client
    xray: Any
    service: str
    console: str | None = None


def source(site: Site) -> Source:
    """Return where the traces of a stack are. Raises StackError, AwsError."""
    xray = site.client("xray")
    console = console_url(xray.meta.region_name) if site.on_aws else None
    return Source(site.http(), xray, f"{site.name}/{site.stage}", console)


@dataclass(frozen=True)
class Found:
    """``trace`` has the form of docs/http.md, None where X-Ray has nothing; ``trace_id`` is None if it is unknown."""

    wish_id: str
    trace_id: str | None
    trace: dict[str, Any] | None


def read(source: Source, wish_id: str, trace_id: str | None) -> Found:
    """Read what X-Ray has of a wish now, in this trace or in the one that names it. Raises AwsError."""
    with plain_errors():
        trace_id = trace_id or _annotated(source, wish_id)
        trace = waterfall(trace_id, read_documents(source.xray, trace_id)) if trace_id else None
    return Found(wish_id, trace_id, trace)


def wait_for(source: Source, wish_id: str, timeout: float) -> dict[str, Any]:
    """Return the trace once it is complete, or as far as it has come after ``timeout`` seconds.

    Asks the API only once, since each request makes traces and log lines too. Raises AwsError, NotAnswered, NoTrace for
    a wish stored without one, and NoSuchWish or NoTrace where nothing was found until the end.
    """
    deadline, trace_id = time.monotonic() + timeout, _stored(source.http, wish_id)
    while not ((found := read(source, wish_id, trace_id)).trace and found.trace["complete"]):
        if time.monotonic() + PAUSE > deadline:
            break
        time.sleep(PAUSE)
    if found.trace is None:
        raise _why_not(source, found)
    return found.trace | {"wish_id": wish_id, "xray_url": source.console and f"{source.console}/{found.trace_id}"}


def _stored(http: httpx.Client, wish_id: str) -> str | None:
    """Return the trace id that the API reports; None while the wish is not stored."""
    try:
        answer = http.get(f"wishes/{wish_id}")
    except httpx.TransportError as error:
        raise NotAnswered(f"{http.base_url} does not answer: {error}") from error
    if answer.status_code == 404:
        return None
    if answer.status_code >= 500:
        return None  # the store may be down, which may be the very question: X-Ray finds the wish by its annotation
    if answer.status_code != 200:
        raise NotAnswered(f"{http.base_url} answered {answer.status_code} when it was asked for wish {wish_id}")
    trace_id: str | None = answer.json().get("trace_id")
    if not trace_id:
        raise NoTrace(f"wish {wish_id} was stored without a trace: tracing was off", wish_id=wish_id)
    return trace_id


def _annotated(source: Source, wish_id: str) -> str | None:
    """Return the oldest trace that sent this wish. Requests for the wish, like ours, make traces about it too."""
    found = read_summaries(source.xray, [source.service], SEARCHED, f'annotation.wish_id = "{wish_id}"')
    sent = [each for each in found if each.get("Http", {}).get("HttpMethod") == "POST"]
    return min(sent, key=start_of)["Id"] if sent else None


def _why_not(source: Source, found: Found) -> OperatorError:
    facts = {"wish_id": found.wish_id, "trace_id": found.trace_id}
    if not found.trace_id:
        return NoSuchWish(f"wish {found.wish_id} is not stored, and no trace is about it", **facts)
    if start_of({"Id": found.trace_id}) < datetime.now(UTC) - KEPT_BY_X_RAY:
        return NoTrace(f"trace {found.trace_id} has expired: X-Ray keeps traces for 30 days", **facts)
    why = "the wish was not sampled, or X-Ray is slow" if source.console else "the agent keeps only the newest traces"
    return NoTrace(f"there is nothing of trace {found.trace_id}: {why}", **facts)
