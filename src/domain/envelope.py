"""Envelopes of events: CloudEvents 1.0 in JSON (https://github.com/cloudevents/spec, "JSON Event Format").

A message in Inbox is one envelope. A message in Pods is the wish's story so far, a CloudEvents JSON batch (a list of
envelopes), so that the worker can append submission and decision as one commit.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID, uuid5

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, TypeAdapter
from pydantic import ValidationError as PydanticError

from domain.errors import MalformedMessage
from domain.events import Event, describe_faults, read_event


def timestamp(moment: datetime) -> str:
    """Return a time in RFC 3339, in UTC with milliseconds: ``2045-01-01T00:00:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def canonical(wish_id: str) -> str:
    """Return the wish id if it is a UUID in its canonical form. Raises ValueError, without quoting the text."""
    try:
        is_canonical = str(UUID(wish_id)) == wish_id
    except ValueError:  # its message quotes the text
        is_canonical = False
    if not is_canonical:
        raise ValueError("not a UUID in its canonical form")
    return wish_id


def _plausible(moment: datetime) -> datetime:
    if not 1970 <= moment.year <= 9000:
        raise ValueError("not a plausible time")
    return moment


type WishId = Annotated[str, AfterValidator(canonical)]
type Moment = Annotated[AwareDatetime, AfterValidator(_plausible), PlainSerializer(timestamp, return_type=str)]


class Envelope(BaseModel):
    """One event in transit. ``subject`` is the wish id, ``correlationid`` the id of the HTTP request."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: Annotated[str, Field(min_length=1, max_length=100)]
    source: Annotated[str, Field(min_length=1, max_length=100)]
    type: Annotated[str, Field(min_length=1, max_length=100)]
    subject: WishId
    time: Moment
    datacontenttype: Literal["application/json"] = "application/json"
    # The length apart from the pattern: a repetition that is counted compiles the large class `\w` a hundred times.
    correlationid: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\w.:=-]+$")]
    data: dict[str, Any]

    @classmethod
    def of(cls, event: Event, *, source: str, wish_id: str, time: datetime, correlation_id: str) -> Self:
        """Wrap an event. Its id follows from wish and type, so a wish that is sent twice gives the same event."""
        return cls(
            id=str(uuid5(UUID(wish_id), event.type)),
            source=f"lastwish/{source}",
            type=event.type,
            subject=wish_id,
            time=time,
            correlationid=correlation_id,
            data=event.model_dump(mode="json"),
        )

    def event(self) -> Event:
        """Return the event inside. Raises MalformedMessage."""
        return read_event(self.type, self.data)


_BATCH = TypeAdapter(list[Envelope])


def read_envelope(body: str) -> Envelope:
    """Parse an Inbox body. Raises MalformedMessage, without quoting the body."""
    try:
        return Envelope.model_validate_json(body)
    except PydanticError as error:
        raise MalformedMessage(describe_faults(error)) from None


def read_story(body: str) -> list[Envelope]:
    """Parse a Pods body: one or more envelopes about the same wish, oldest first. Raises MalformedMessage."""
    try:
        story = _BATCH.validate_json(body)
    except PydanticError as error:
        raise MalformedMessage(describe_faults(error)) from None
    if len({envelope.subject for envelope in story}) != 1:
        raise MalformedMessage("a story is about exactly one wish")
    return story


def write_story(story: list[Envelope]) -> str:
    """Return the Pods body of a story, the reverse of ``read_story``. In ASCII: SQS refuses U+FFFE."""
    return _BATCH.dump_json(story, ensure_ascii=True).decode()
