"""What people write, and what they should not, as request bodies. The texts are in wishes.toml.

People's texts are short (most have 20 to 120 characters), now and then long, and a few fill the form to its end.
"""

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

from lastwish.load.draws import Draws

JSON = "application/json"
LONGEST = 500  # characters, as the form allows
LARGEST = 8 * 1024  # bytes, as the API allows
DESTINATIONS = (("mars", 62.0), ("jupiter", 38.0))
_NAMED = 0.6  # of all wishes have a name
_LIVELY = 0.2  # end in a sign
# How many sentences a wish has; None: as many as fit.
_SENTENCES: tuple[tuple[int | None, float], ...] = ((1, 80), (2, 11), (3, 5), (6, 2.5), (None, 1.5))
_FILE = Path(__file__).with_name("wishes.toml")


@dataclass(frozen=True, slots=True)
class Request:
    """A body and what a right server answers to it. ``key``: one to send instead of a proper Idempotency-Key."""

    body: bytes
    answer: int = 202
    content_type: str = JSON
    key: str | None = None


@cache
def texts() -> dict[str, Any]:
    """The file: endings, languages (share, join, names, wishes), hostile (names, messages)."""
    return tomllib.loads(_FILE.read_text())


def ordinary(draws: Draws) -> Request:
    """A wish as somebody of the audience writes it."""
    return Request(_as_json(wish(draws)))


def wish(draws: Draws) -> dict[str, Any]:
    """The fields of an ordinary wish."""
    language = draws.weighted([(each, each["share"]) for each in texts()["languages"].values()])
    message = _message(draws, language)
    named = {"name": draws.one_of(language["names"])} if draws.unit() < _NAMED else {}
    return {"message": message, "destination": draws.weighted(DESTINATIONS), **named}


def _message(draws: Draws, language: dict[str, Any]) -> str:
    count, join = draws.weighted(_SENTENCES), str(language.get("join", " "))
    sentences: list[str] = list(language["wishes"])
    draws.shuffle(sentences)
    if count is None:
        return _filled(sentences, join, LONGEST)
    message = join.join(sentences[:count])
    return message + str(draws.one_of(texts()["endings"])) if draws.unit() < _LIVELY else message


def _filled(sentences: list[str], join: str, length: int) -> str:
    """Exactly so many characters, the last of which is seen."""
    text, more = "", cycle(sentences)
    while len(text) < length:
        text += next(more) + join
    return text[: length - 1] + "…"


def hostile(draws: Draws) -> Request:
    """Valid, and not meant well."""
    fields = wish(draws) | {"message": draws.one_of(texts()["hostile"]["messages"])}
    if draws.unit() < _NAMED:
        fields["name"] = draws.one_of(texts()["hostile"]["names"])
    return Request(_as_json(fields))


def oversized(draws: Draws) -> Request:
    """More bytes than the API reads, up to four times as many."""
    sentence = draws.one_of(texts()["languages"]["en"]["wishes"])
    length = LARGEST + 1 + draws.below(3 * LARGEST)
    return Request(_as_json(wish(draws) | {"message": (sentence * length)[:length]}), answer=413)


def malformed(draws: Draws) -> Request:
    """What a broken client sends."""
    return draws.one_of(_MALFORMED)(wish(draws))


def _as_json(fields: object) -> bytes:
    """As JSON.stringify writes it."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


type _Breaker = Callable[[dict[str, Any]], Request]


def _invalid(**fields: object) -> _Breaker:
    return lambda wish: Request(_as_json(wish | fields), answer=422)


_MALFORMED: tuple[_Breaker, ...] = (
    lambda wish: Request(_as_json(wish)[:-1], answer=400),  # cut off
    lambda wish: Request(str(wish).encode(), answer=400),  # Python's idea of an object
    lambda _: Request(b'{"message":' + b"[" * 4000, answer=400),  # deep
    lambda wish: Request(_as_json(wish), answer=400, key="not-a-uuid"),
    lambda wish: Request(_as_json(wish), answer=415, content_type="text/plain"),
    lambda wish: Request(_as_json(wish), answer=415, content_type="application/xml"),
    lambda wish: Request(_as_json([wish]), answer=422),
    lambda wish: Request(_as_json({"destination": wish["destination"]}), answer=422),
    _invalid(message=" \n\u200b"),
    _invalid(message="x" * (LONGEST + 1)),
    _invalid(message=42),
    _invalid(name="n" * 61),
    _invalid(destination="venus"),
    _invalid(seat=1),
)

MAKERS: dict[str, Callable[[Draws], Request]] = {
    "ordinary": ordinary,
    "hostile": hostile,
    "oversized": oversized,
    "malformed": malformed,
}
