"""Request bodies: what people write, and what they should not. The texts are in wishes.toml.

People's texts are short (most have 20 to 120 characters), some are long, and a few fill the form to its end.
"""

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

from lastwish.load.seeded import SeededRandom

JSON = "application/json"
LONGEST = 500  # characters, as the form allows
LARGEST = 8 * 1024  # bytes, as the API allows
DESTINATIONS = (("mars", 62.0), ("jupiter", 38.0))
_NAMED = 0.6  # of all wishes have a name
_LIVELY = 0.2  # end in an emoji or the like
# Number of sentences in a wish, with weights; None: as many as fit.
_SENTENCES: tuple[tuple[int | None, float], ...] = ((1, 80), (2, 11), (3, 5), (6, 2.5), (None, 1.5))
_FILE = Path(__file__).with_name("wishes.toml")


@dataclass(frozen=True, slots=True)
class Request:
    """A body and the status that a right server answers. ``key``: sent instead of a proper Idempotency-Key."""

    body: bytes
    answer: int = 202
    content_type: str = JSON
    key: str | None = None


@cache
def texts() -> dict[str, Any]:
    """Return the file: endings, languages (share, join, names, wishes), hostile (names, messages)."""
    return tomllib.loads(_FILE.read_text())


def ordinary(random: SeededRandom) -> Request:
    """Return a wish as somebody of the audience writes it."""
    return Request(_as_json(wish(random)))


def wish(random: SeededRandom) -> dict[str, Any]:
    """Return the fields of an ordinary wish."""
    language = random.weighted_choice([(language, language["share"]) for language in texts()["languages"].values()])
    message = _message(random, language)
    named = {"name": random.choice(language["names"])} if random.unit() < _NAMED else {}
    return {"message": message, "destination": random.weighted_choice(DESTINATIONS), **named}


def _message(random: SeededRandom, language: dict[str, Any]) -> str:
    count, join = random.weighted_choice(_SENTENCES), str(language.get("join", " "))
    sentences: list[str] = list(language["wishes"])
    random.shuffle(sentences)
    if count is None:
        return _filled(sentences, join, LONGEST)
    message = join.join(sentences[:count])
    return message + str(random.choice(texts()["endings"])) if random.unit() < _LIVELY else message


def _filled(sentences: list[str], join: str, length: int) -> str:
    """Return exactly so many characters, the last of which is visible."""
    text, endless = "", cycle(sentences)
    while len(text) < length:
        text += next(endless) + join
    return text[: length - 1] + "…"


def hostile(random: SeededRandom) -> Request:
    """Return a valid wish that tries to break something."""
    fields = wish(random) | {"message": random.choice(texts()["hostile"]["messages"])}
    if random.unit() < _NAMED:
        fields["name"] = random.choice(texts()["hostile"]["names"])
    return Request(_as_json(fields))


def oversized(random: SeededRandom) -> Request:
    """Return a wish of more bytes than the API reads, up to four times as many."""
    sentence = random.choice(texts()["languages"]["en"]["wishes"])
    length = LARGEST + 1 + random.below(3 * LARGEST)
    return Request(_as_json(wish(random) | {"message": (sentence * length)[:length]}), answer=413)


def malformed(random: SeededRandom) -> Request:
    """Return a request of a broken client."""
    return random.choice(_MALFORMED)(wish(random))


def _as_json(fields: object) -> bytes:
    """Return JSON as JSON.stringify writes it."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


type _Malformation = Callable[[dict[str, Any]], Request]


def _invalid(**fields: object) -> _Malformation:
    return lambda wish: Request(_as_json(wish | fields), answer=422)


_MALFORMED: tuple[_Malformation, ...] = (
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

MAKERS: dict[str, Callable[[SeededRandom], Request]] = {
    "ordinary": ordinary,
    "hostile": hostile,
    "oversized": oversized,
    "malformed": malformed,
}
