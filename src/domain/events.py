"""What can happen to a wish.

The type names and the field names below are STORAGE FORMAT: they stand in queues and in the event store for ever. Never
rename or remove one; add a new version beside it.

``name`` and ``message`` are the only personal fields. They are always in their sanitised, escaped form: plain text
after one ``html.unescape``, safe as HTML text without it. Erasure removes them, hence ``None``.
"""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from domain.errors import MalformedMessage
from domain.upcasters import upcast

type Destination = Literal["mars", "jupiter"]
type HoldReason = Literal["word", "look-alikes", "link", "contact", "repetition", "stacked-marks"]
# Whoever sends it, what reaches the store has no tag in it.
type Escaped = Annotated[str, StringConstraints(pattern=r"^[^<>]*$")]
type Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Event(BaseModel):
    """A fact about one wish. Frozen, and strict about fields: what is not known is not guessed at."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    type: ClassVar[str]


class WishSubmitted(Event):
    """Somebody sent a wish and was told so. ``digest`` is the SHA-256 of the cleaned payload."""

    type = "lastwish.wish.submitted.v1"
    destination: Destination
    name: Annotated[Escaped, StringConstraints(max_length=60 * 5)] | None = None
    message: Annotated[Escaped, StringConstraints(min_length=1, max_length=500 * 5)] | None
    digest: Digest


class WishAccepted(Event):
    """The wish passed every rule."""

    type = "lastwish.wish.accepted.v1"


class WishRejected(Event):
    """A rule spoke against the wish. ``reason`` is a stable word for machines, not a sentence."""

    type = "lastwish.wish.rejected.v1"
    reason: Literal["boarding-closed", "only-links"]


class WishBoarded(Event):
    """The wish has a place on the ship. What was boarded before seats were numbered has none."""

    type = "lastwish.wish.boarded.v2"
    seat: int | None
    pod: int | None
    arrives_on: date | None


class WishWaitlisted(Event):
    """Every seat was taken. The wish boards when one returns."""

    type = "lastwish.wish.waitlisted.v1"


class WishHeld(Event):
    """The screening wants an operator to look at the wish before a hall does. ``reason`` is a word for machines."""

    type = "lastwish.wish.held.v1"
    reason: HoldReason


class WishShown(Event):
    """The wish may be seen on the wall, by the rules from ``since`` on, or by an operator. None: from this event on."""

    type = "lastwish.wish.shown.v2"
    by: Literal["rules", "operator"]
    since: AwareDatetime | None = None


class WishHidden(Event):
    """An operator took the wish off the wall, or keeps it from ever being there."""

    type = "lastwish.wish.hidden.v1"
    by: Literal["operator"]


class WishErased(Event):
    """The person, or an operator, wants it forgotten: name and message are gone from everywhere."""

    type = "lastwish.wish.erased.v1"


SHIPPED: tuple[type[Event], ...] = (
    WishSubmitted,
    WishAccepted,
    WishRejected,
    WishBoarded,
    WishWaitlisted,
    WishHeld,
    WishShown,
    WishHidden,
    WishErased,
)
_BY_TYPE = {event.type: event for event in SHIPPED}


class UnknownEvent(Event):
    """Something a newer version of this code has stored. It folds to nothing and is never an error."""

    type = "unknown"
    type_name: str


def read_stored(type_name: str, data: dict[str, Any]) -> Event:
    """As ``read_event``, for what the store holds: a type from the future is an UnknownEvent."""
    newest, _ = upcast(type_name, data)
    return read_event(type_name, data) if newest in _BY_TYPE else UnknownEvent(type_name=type_name)


def read_event(type_name: str, data: dict[str, Any]) -> Event:
    """The event of this type with this data, at its newest version.

    Raises MalformedMessage, which names the fields but never their values.
    """
    type_name, data = upcast(type_name, data)
    event = _BY_TYPE.get(type_name)
    if event is None:
        raise MalformedMessage("unknown event type")
    try:
        return event.model_validate(data)
    except ValidationError as error:
        raise MalformedMessage(f"{type_name}: {faults(error)}") from None


def faults(error: ValidationError) -> str:
    """What pydantic found wrong, field by field, without the values: ``message: Field required; …``."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(": ".join([*_place(fault), fault["msg"]]) for fault in found)


def _place(fault: ErrorDetails) -> list[str]:
    """Where it is wrong; nothing where it is the whole. An unknown field's name is itself what a stranger typed."""
    path = ".".join(map(str, fault["loc"]))
    return ["?"] if fault["type"] == "extra_forbidden" else [path] if path else []
