"""Bodies of requests and answers. Bounds and words come from src; docs/http.md explains the fields.

No field is optional in an answer, and none is there that is not named: tests of the running stack hold them to it.
"""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from domain.events import Destination, HoldReason
from domain.wish import Visibility
from frontend.submission import MAX_MESSAGE, MAX_NAME
from web.wall import MOST_ENTRIES

type Count = Annotated[int, Field(ge=0)]
type Status = Literal["boarded", "waitlisted", "rejected", "erased"]
type Cursor = Annotated[str, StringConstraints(pattern=r"^(|latest|[0-9]{1,11}-[0-9]{1,11}-[0-9]{1,11})$")]
type Limit = Annotated[int, Field(ge=1, le=MOST_ENTRIES)]
type TraceId = Annotated[str, StringConstraints(pattern="^1-[0-9a-f]{8}-[0-9a-f]{24}$")]
type Hop = Literal[
    "API", "frontend", "console", "mission", "Inbox", "parser", "Pods", "worker", "EventStore", "projector"
]  # fmt: skip
type Place = Hop | Literal["InboxDlq", "PodsDlq", "ProjectorDlq"]
type Text = Annotated[str | None, Field(description="as typed; null while the wish is hidden, and once it is erased")]
type Html = Annotated[str | None, Field(description="the same, escaped")]


class Body(BaseModel):
    """A JSON object with these fields and no others."""

    model_config = ConfigDict(extra="forbid")


# --- requests ---------------------------------------------------------------------------------------------------------


class Wish(Body):
    """Lengths count code points after normalising: NFC, LF, trimmed, without invisible characters."""

    message: Annotated[str, StringConstraints(min_length=1, max_length=MAX_MESSAGE)]
    destination: Destination
    name: Annotated[str, StringConstraints(max_length=MAX_NAME)] | None = None


class WishForm(Body):
    """A wish as a form. A page without script sends an empty key; ``lang`` is the language of the answer."""

    message: Annotated[str, StringConstraints(min_length=1, max_length=MAX_MESSAGE)]
    destination: Destination
    name: Annotated[str, StringConstraints(max_length=MAX_NAME)] = ""
    idempotency_key: UUID | Literal[""] = ""
    lang: str = ""


class Credentials(Body):
    """Name and password of an operator."""

    model_config = ConfigDict(extra="allow")
    name: Annotated[str, StringConstraints(min_length=1)]
    password: Annotated[str, StringConstraints(min_length=1)]


class PanicButton(Body):
    """``true`` blanks the wall."""

    model_config = ConfigDict(extra="allow")
    on: bool


# --- answers to everybody ---------------------------------------------------------------------------------------------


class Links(Body):
    self_: Annotated[str, Field(alias="self", description="relative to the base URL")]


class Accepted(Body):
    wish_id: UUID
    status: Literal["submitted"]
    links: Links


class Step(Body):
    version: Annotated[int, Field(ge=1)]
    type: Annotated[str, StringConstraints(pattern=r"^lastwish\.wish\.[a-z]+\.v[0-9]+$")]
    time: AwareDatetime


class Receipt(Body):
    wish_id: UUID
    status: Status
    visibility: Visibility
    shown_at: AwareDatetime | None
    reason: Literal["boarding-closed", "only-links"] | None
    destination: Destination
    name: Text
    name_html: Html
    message: Text
    message_html: Html
    seat: int | None
    pod: int | None
    arrives_on: date | None
    history: list[Step]
    trace_id: str | None


class ShownWish(Body):
    wish_id: UUID
    destination: Destination
    name: str | None
    message: str
    shown_at: AwareDatetime | None


class Feed(Body):
    wishes: list[ShownWish]
    withdrawn: list[UUID]
    cursor: Cursor
    more: bool
    blank: bool


class Ship(Body):
    boarded: Count
    waitlisted: Count
    rejected: Count
    seats_left: Count


class Manifest(Body):
    destinations: dict[Destination, Ship]
    generation: Annotated[int, Field(ge=1)]


class Health(Body):
    status: Literal["ok"]


class Raised(Body):
    type: Annotated[str, Field(description="class of the error")]
    raised_at: Annotated[str | None, Field(description="last line of our own code in the stack")]
    stack: list[str]


class Segment(Body):
    id: str
    parent_id: str | None
    name: str
    hop: Hop | None
    depth: Count
    start: Annotated[float, Field(description="seconds of the epoch")]
    end: Annotated[float | None, Field(description="seconds of the epoch")]
    offset_ms: int
    duration_ms: int | None
    fault: bool
    error: bool
    exceptions: Annotated[list[Raised], Field(description="for operators; empty for everybody else")]
    outcome: str | None
    receive_count: int | None


class Trace(Body):
    trace_id: TraceId
    wish_id: UUID | None
    started: AwareDatetime
    duration_ms: int
    complete: bool
    hops: list[Hop]
    segments: list[Segment]


# --- answers to operators ---------------------------------------------------------------------------------------------


class Token(Body):
    token: str
    expires_in: Annotated[int, Field(description="seconds")]


class HeldWish(ShownWish):
    reason: HoldReason
    held_at: AwareDatetime


class LatestWish(ShownWish):
    visibility: Visibility


class Queue(Body):
    held: list[HeldWish]
    latest: list[LatestWish]
    now: AwareDatetime
    blank: bool


class Moderated(Body):
    wish_id: UUID
    status: Status
    visibility: Visibility


class Panic(Body):
    on: bool


class WorkQueue(Body):
    name: Literal["Inbox", "Pods", "Projector"]
    visible: int | None
    in_flight: int | None
    oldest_s: float | None
    dead: Count


class Objective(Body):
    name: str
    title: str
    objective: float
    window_days: int
    bad: Count
    total: Count
    budget_left: Annotated[float, Field(le=1)]


class Alarm(Body):
    name: str
    state: Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
    since: AwareDatetime
    reason: str
    description: str
    runbook: str | None
    signal: bool
    hop: Place | None


class Origin(Body):
    """Where a trace went wrong. Without an error it was slow."""

    hop: Hop | None
    error: str | None
    raised_at: str | None
    at: AwareDatetime


class TraceSummary(Body):
    trace_id: TraceId
    wish_id: UUID | None
    started: AwareDatetime
    duration_ms: int
    fault: bool
    error: bool
    throttled: bool
    origin: Origin | None


class LogLine(Body):
    time: AwareDatetime
    service: str
    level: str
    message: str
    facts: dict[str, Any]


class LogLines(Body):
    lines: list[LogLine]
    more: bool


class HopTrace(Body):
    trace_id: TraceId
    wish_id: UUID | None
    started: AwareDatetime
    duration_ms: int
    fault: bool


class HopOfTheMap(Body):
    name: Hop
    seen: Count
    failed: Count
    p50_ms: int | None
    p95_ms: int | None
    within_ms: Annotated[int, Field(description="of the hop's objective")]
    traces: list[HopTrace]


class Overview(Body):
    """A part that cannot be read is null, and named in ``missing``."""

    model_config = ConfigDict(serialize_by_alias=True)
    now: AwareDatetime
    from_: Annotated[AwareDatetime, Field(alias="from")]
    step_s: int
    series: dict[str, list[float | None]] | None
    totals: dict[str, int] | None
    queues: list[WorkQueue] | None
    slos: list[Objective] | None
    alarms: list[Alarm] | None
    traces: list[TraceSummary] | None
    hops: list[HopOfTheMap] | None
    missing: list[Literal["series", "totals", "queues", "slos", "alarms", "traces", "hops"]]
    xray_url: str | None


# --- refusals ---------------------------------------------------------------------------------------------------------


class FieldError(Body):
    field: str
    code: str
    detail: str


class Problem(Body):
    """RFC 9457. The types are stable."""

    type: str
    title: str
    status: int
    detail: str
    errors: Annotated[list[FieldError], Field(description="the failing fields of a 422")] = []


class BareProblem(Body):
    """Problem that API Gateway reports by itself, and that has no type of ours."""

    type: Literal["about:blank"]
    title: str
