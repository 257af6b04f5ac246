"""Content negotiation: choose a language and a media type by what the client prefers (RFC 9110, 12.5)."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "ja")
_TEXTS = Path(__file__).parent / "texts"


def language(requested: str, accept_language: str) -> str:
    """Return the language that was requested by name, else the one that the browser ranks highest."""
    return requested if requested in LANGUAGES else preferred(accept_language, LANGUAGES)


def preferred(header: str, offered: Sequence[str]) -> str:
    """Return the offer that a header of ``value;q=weight`` ranks highest, the first of equals."""
    weights = dict.fromkeys(offered, 0.0)
    for choice in header.lower().split(","):
        value, *parameters = (part.strip() for part in choice.split(";"))
        name = value if value in weights else value.partition("-")[0]  # ja-JP is ja
        if name in weights:
            weights[name] = max(weights[name], _quality(parameters))
    return max(offered, key=weights.__getitem__)


def _quality(parameters: Sequence[str]) -> float:
    quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
    return float(quality) if quality.replace(".", "", 1).isdecimal() else 0.0


@cache
def texts(language: str) -> dict[str, Any]:
    """Return the texts that pages have in one language. The other files of ``texts/`` are loaded by scripts."""
    return dict(json.loads((_TEXTS / f"{language}.json").read_text(encoding="utf-8")))


def media_type(content_type: str) -> str:
    """Return the media type of a Content-Type header in lower case, without its parameters."""
    return content_type.partition(";")[0].strip().lower()
