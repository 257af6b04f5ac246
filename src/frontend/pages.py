"""The pages for people, as HTML. Jinja escapes everything except the ``_html`` fields, which are escaped already."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frontend import problems
from frontend.submission import MAX_MESSAGE, MAX_NAME

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent
_MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

HTML = "text/html; charset=utf-8"
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file with its media type."""

    body: str
    media_type: str


@cache
def _environment() -> "Environment":
    # Imported at the first page only: the JSON path, which carries the load, starts without it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    return Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined)


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


@cache
def form() -> str:
    """The empty form. The same for everybody, so it can be cached."""
    return _form({}, None)


def form_again(typed: dict[str, Any], problem: problems.Problem) -> str:
    """The form as it was sent, with what was wrong: without script nobody loses a text to an error."""
    return _form(typed, problem)


def _form(typed: dict[str, Any], problem: problems.Problem | None) -> str:
    return _render("form.html", typed=typed, problem=problem, max_message=MAX_MESSAGE, max_name=MAX_NAME)


def receipt(wish: dict[str, Any]) -> str:
    """The receipt of a stored wish, from its JSON view."""
    return _render("receipt.html", wish=wish)


def still_travelling(wish_id: str) -> str:
    """The receipt of a wish that is not stored yet; it refreshes itself."""
    return _render("travelling.html", wish_id=wish_id)


@cache
def _assets() -> dict[str, Path]:
    return {path.name: path for path in (_HERE / "assets").iterdir() if path.suffix in _MEDIA_TYPES}


def asset(file: str) -> Asset:
    """One file of ``assets/``. Raises Problem 404 for any other name."""
    path = _assets().get(file)
    if path is None:
        raise problems.not_found()
    return Asset(path.read_text(encoding="utf-8"), _MEDIA_TYPES[path.suffix])


def prefers_html(accept: str) -> bool:
    """Whether an Accept header ranks HTML above JSON, as browsers do and ``curl`` does not (RFC 9110, 12.5.1)."""
    weights = {"text/html": 0.0, "application/json": 0.0}
    for choice in accept.lower().split(","):
        media_type, *parameters = (part.strip() for part in choice.split(";"))
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        if media_type in weights:
            weights[media_type] = float(quality) if quality.replace(".", "", 1).isdecimal() else 0.0
    return weights["text/html"] > weights["application/json"]
