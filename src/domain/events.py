"""Events: the facts about a wish.

The type names and field names below are STORAGE FORMAT: they are in queues and in the event store for ever. Never
rename or remove one; add a new version beside it.

``name`` and ``message`` are the only personal fields. They are always in their sanitised, escaped form: plain text
after one ``html.unescape``, safe as HTML text without it. Erasure removes them, hence ``None``.
"""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from domain.errors import MalformedMessage
from domain.upcasters import upcast

type Destination = Literal["mars", "jupiter"]
DESTINATIONS: tuple[Destination, ...] = get_args(Destination.__value__)
type HoldReason = Literal["word", "look-alikes", "link", "contact", "repetition", "stacked-marks"]
# No text with a tag reaches the store, whatever sent it.
type Escaped = Annotated[str, StringConstraints(pattern=r"^[^<>]*$")]
type Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Event(BaseModel):
    """A fact about one wish. Frozen; unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    type: ClassVar[str]


class WishSubmitted(Event):
    """A wish was sent and answered 202. ``digest`` is the SHA-256 of the cleaned payload."""

    type = "lastwish.wish.submitted.v1"
    destination: Destination
    name: Annotated[Escaped, StringConstraints(max_length=60 * 5)] | None = None
    message: Annotated[Escaped, StringConstraints(min_length=1, max_length=500 * 5)] | None
    digest: Digest


class WishAccepted(Event):
    """Every rule accepted the wish."""

    type = "lastwish.wish.accepted.v1"


class WishRejected(Event):
    """A rule rejected the wish. ``reason`` is a stable word for machines, not a sentence."""

    type = "lastwish.wish.rejected.v1"
    reason: Literal["boarding-closed", "only-links"]


class WishBoarded(Event):
    """A wish got a seat on the ship. Wishes boarded before seats were numbered have None."""

    type = "lastwish.wish.boarded.v2"
    seat: int | None
    pod: int | None
    arrives_on: date | None


class WishWaitlisted(Event):
    """Every seat was taken. The wish boards when one returns."""

    type = "lastwish.wish.waitlisted.v1"


class WishHeld(Event):
    """Screening held the wish for an operator to look at. ``reason`` is a stable word for machines."""

    type = "lastwish.wish.held.v1"
    reason: HoldReason


class WishShown(Event):
    """A wish may be shown on the wall, by the rules or by an operator, from ``since`` on. None: from this event on."""

    type = "lastwish.wish.shown.v2"
    by: Literal["rules", "operator"]
    since: AwareDatetime | None = None


class WishHidden(Event):
    """An operator took the wish off the wall, or keeps it off."""

    type = "lastwish.wish.hidden.v1"
    by: Literal["operator"]


class WishErased(Event):
    """A person or an operator erased the wish: name and message are removed everywhere."""

    type = "lastwish.wish.erased.v1"


EVENT_TYPES = tuple(Event.__subclasses__())  # those above
_BY_TYPE = {event.type: event for event in EVENT_TYPES}


class UnknownEvent(Event):
    """An event that a newer version of this code has stored. It folds to nothing and is never an error."""

    type = "unknown"
    type_name: str


def read_stored(type_name: str, data: dict[str, Any]) -> Event:
    """Return a stored event, as ``read_event`` does. An unknown type gives an UnknownEvent."""
    newest, _ = upcast(type_name, data)
    return read_event(type_name, data) if newest in _BY_TYPE else UnknownEvent(type_name=type_name)


def read_event(type_name: str, data: dict[str, Any]) -> Event:
    """Return the event of this type with this data, at its newest version.

    Raises MalformedMessage, which names the fields and never their values.
    """
    type_name, data = upcast(type_name, data)
    event = _BY_TYPE.get(type_name)
    if event is None:
        raise MalformedMessage("unknown event type")
    try:
        return event.model_validate(data)
    except ValidationError as error:
        raise MalformedMessage(f"{type_name}: {describe_faults(error)}") from None


def describe_faults(error: ValidationError) -> str:
    """Return the faults that pydantic found, by field, without the values: ``message: Field required; …``."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(": ".join([*_field_of(fault), fault["msg"]]) for fault in faults)


def _field_of(fault: ErrorDetails) -> list[str]:
    """Return the field, none where the whole is at fault. The name of an unknown field is "?": a person typed it."""
    path = ".".join(map(str, fault["loc"]))
    return ["?"] if fault["type"] == "extra_forbidden" else [path] if path else []
