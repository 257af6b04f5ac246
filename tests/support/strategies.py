"""Hypothesis strategies: text as anybody might type it, events, and message bodies with all kinds of damage."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from domain.envelope import Envelope
from domain.events import (
    Event,
    WishAccepted,
    WishBoarded,
    WishErased,
    WishHeld,
    WishHidden,
    WishRejected,
    WishShown,
    WishSubmitted,
    WishWaitlisted,
)
from tests.support.samples import WISH_ID

# What HTML, JSON, XML or a normal form could trip over, more often than the rest of Unicode.
_TRICKY = [
    *"<>&;\"'/!-#x= \r\n\t\0\\",
    *"\u0301\u0327\u1160\u200d\u202e\u2028\ufeff\ufffe\U0001f468",
    *("<b", "</", "<!--", "-->", "<![CDATA[", "]]>", "<?", "&amp;", "&lt;", "&#60;", "&#x3c", "&notit;", "\U000e0067"),
    "\r\n",
]


def _text(characters: st.SearchStrategy[str], tricky: list[str]) -> st.SearchStrategy[str]:
    """Return text of pieces: in one alphabet of both, the few would drown in the many."""
    pieces = st.sampled_from(tricky) | st.text(characters, max_size=4)
    return st.lists(pieces, max_size=12).map("".join)


typed = _text(st.characters(), [*_TRICKY, "\ud800"])
"""Text as anybody might send it, lone surrogates too."""

# Of every length around the bounds: the same again and again.
repeated = st.builds(str.__mul__, typed, st.integers(1, 700))

_numbers = st.one_of(st.integers(), st.floats(), st.integers(0, 4000).map(lambda digits: 10**digits))
_values = st.recursive(
    st.one_of(st.none(), st.booleans(), _numbers, typed),
    lambda values: st.one_of(st.lists(values, max_size=5), st.dictionaries(typed, values, max_size=5)),
    max_leaves=10,
)


def _deep(depth: int) -> str:
    return "[" * depth + "]" * depth


json_texts = st.one_of(
    _values.map(json.dumps), st.integers(1, 3000).map(_deep), st.integers(4000, 6000).map("9".__mul__), st.text()
)
"""JSON of any shape (NaN, deep nesting, numbers of more digits than Python reads), and text that is none."""

# Char of XML 1.0 (https://www.w3.org/TR/xml/#charsets): a message has at least one, and no other character.
SENDABLE = re.compile("[\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")


def is_sendable(text: str) -> bool:
    """Return true for what SQS could deliver."""
    return bool(SENDABLE.fullmatch(text))


messages = json_texts.filter(is_sendable)
"""What SQS could deliver."""


@st.composite
def damaged(draw: st.DrawFn, document: dict[str, Any]) -> str:
    """Return a JSON object with some fields removed, and some given twice, the second time with any value."""
    kept = {field: value for field, value in document.items() if draw(st.integers(0, 9))}
    again = draw(
        st.dictionaries(
            st.one_of(st.sampled_from([*document, "wish_id"]), typed), typed.map(json.dumps) | json_texts, max_size=2
        )
    )
    fields = [f"{json.dumps(field)}: {json.dumps(value)}" for field, value in kept.items()]
    fields += [f"{json.dumps(field)}: {text}" for field, text in again.items()]
    return "{" + ", ".join(fields) + "}"


def damaged_envelopes(envelope: Envelope) -> st.SearchStrategy[str]:
    """Return envelopes that are damaged outside, in their data, or not at all."""
    document = json.loads(envelope.model_dump_json())
    inside = damaged(document["data"]).map(lambda data: json.dumps({**document, "data": "?"}).replace('"?"', data))
    return st.one_of(st.just(json.dumps(document)), damaged(document), inside)


def damaged_stories(story: list[Envelope]) -> st.SearchStrategy[str]:
    """Return stories with damage in some envelopes; some lack the last one, others have one more."""
    whole = st.tuples(*map(damaged_envelopes, story))
    changed = st.tuples(whole, st.integers(0, len(story)), st.lists(damaged_envelopes(story[0]), max_size=1))
    return st.one_of(whole, changed.map(lambda drawn: (*drawn[0][: drawn[1]], *drawn[2]))).map(
        lambda texts: f"[{', '.join(texts)}]"
    )


# More than the frontend lets through: what the fields of events allow.
_escaped = _text(
    st.characters(exclude_characters="<>", exclude_categories=["Cs"]),
    [each for each in _TRICKY if not set(each) & {*"<>"}],
).filter(bool)
_numbers_of_seats = st.integers(1, 65_000)
_moments = st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment - timedelta(microseconds=moment.microsecond % 1000)
)
_destinations = st.sampled_from(["mars", "jupiter"])
_reasons = st.sampled_from(["word", "look-alikes", "link", "contact", "repetition", "stacked-marks"])

events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        WishSubmitted,
        destination=_destinations,
        name=st.none() | _escaped.map(lambda text: text[:60]),
        message=st.none() | _escaped,
        digest=st.text("0123456789abcdef", min_size=64, max_size=64),
    ),
    st.builds(WishAccepted),
    st.builds(WishRejected, reason=st.sampled_from(["boarding-closed", "only-links"])),
    st.builds(WishBoarded, seat=_numbers_of_seats, pod=_numbers_of_seats, arrives_on=st.dates(date(2045, 1, 1))),
    st.builds(WishWaitlisted),
    st.builds(WishHeld, reason=_reasons),
    st.builds(WishShown, by=st.sampled_from(["rules", "operator"]), since=st.none() | _moments),
    st.builds(WishHidden, by=st.just("operator")),
    st.builds(WishErased),
)


@st.composite
def envelopes(draw: st.DrawFn) -> Envelope:
    """Return any event on its way."""
    return Envelope.of(draw(events), source="tests", wish_id=WISH_ID, time=draw(_moments), correlation_id="request-1")
