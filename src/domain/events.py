"""What can happen to a wish.

The type names and the field names below are STORAGE FORMAT: they stand in queues and in the event store for ever. Never
rename or remove one; add a new version beside it.

``name`` and ``message`` are the only personal fields. They are always in their sanitised, escaped form: plain text
after one ``html.unescape``, safe as HTML text without it. Erasure removes them, hence ``None``.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from domain.errors import MalformedMessage

type Destination = Literal["mars", "jupiter"]
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
    """The wish has a place on the ship."""

    type = "lastwish.wish.boarded.v1"


_BY_TYPE: dict[str, type[Event]] = {
    event.type: event for event in (WishSubmitted, WishAccepted, WishRejected, WishBoarded)
}


def read_event(type_name: str, data: dict[str, Any]) -> Event:
    """The event of this type with this data. Raises MalformedMessage, which names the fields but never their values."""
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
    # The place of a field that we do not know is itself something that a stranger typed.
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) if fault['type'] != 'extra_forbidden' else '?'}: {fault['msg']}"
        for fault in found
    )
