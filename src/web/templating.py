"""The pages for people, as HTML. Jinja escapes everything except the ``_html`` fields, which are escaped already.

No page is without its policy: no script but ours, none inline, no foreign origin, and script may not make HTML of text.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from web import problems
from web.language import texts

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent
_IMPORT = re.compile(r'"\./([\w-]+\.js)"')
_MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

HTML = "text/html; charset=utf-8"
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file with its media type. ``is_current``: its name holds the hash of what is in it."""

    body: str
    media_type: str
    is_current: bool


@cache
def _environment() -> "Environment":
    # Imported at the first page only: the JSON path, which carries the load, starts without it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined)
    environment.globals["asset"] = lambda file: f"assets/{_assets()[file][0]}"
    environment.filters |= {"day": day, "clock": clock}
    return environment


def render(template: str, lang: str, **values: Any) -> str:
    """A page in one language. ``root`` is the relative way from the page to the base URL."""
    values = {"root": "", **values}
    return _environment().get_template(template).render(lang=lang, t=texts(lang), **values)


def day(iso: str, lang: str) -> str:
    """A date written out: ``1 October 2045``, ``2045年10月1日``."""
    when = date.fromisoformat(iso[:10])
    return f"{when.year}年{when.month}月{when.day}日" if lang == "ja" else f"{when.day} {when:%B %Y}"


def clock(iso: str) -> str:
    """The time of day in UTC, to the millisecond: ``12:03:07.123``."""
    return datetime.fromisoformat(iso).strftime("%H:%M:%S.%f")[:-3]


@cache
def _assets() -> dict[str, tuple[str, str]]:
    """Each file of ``assets/`` by its plain name: its name with a hash, and what is in it."""
    files = sorted(path.name for path in (_HERE / "assets").iterdir() if path.suffix in _MEDIA_TYPES)
    return {name: _hashed(name) for name in files}


@cache
def _hashed(name: str) -> tuple[str, str]:
    """A script imports others under their own hashed names, so that all of a page is of one deployment."""
    path = _HERE / "assets" / name
    body = _IMPORT.sub(lambda found: f'"./{_hashed(found[1])[0]}"', path.read_text(encoding="utf-8"))
    return f"{path.stem}.{hashlib.sha256(body.encode()).hexdigest()[:8]}{path.suffix}", body


def asset(file: str) -> Asset:
    """One file of ``assets/`` by its name with any hash: a page from before a deployment gets the file of today.

    Raises Problem 404 for any other name.
    """
    stem, _, suffix = file.rpartition(".")
    plain = f"{stem.partition('.')[0]}.{suffix}"
    if plain not in _assets():
        raise problems.not_found()
    current, body = _assets()[plain]
    return Asset(body, _MEDIA_TYPES[f".{suffix}"], is_current=file == current)
