"""HTML pages from templates. Jinja escapes everything except the ``_html`` fields, which are escaped already.

Every page has a content security policy: only our own script files run, and no script may make HTML of text.
"""

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from web.language import texts
from web.static_files import asset_path

if TYPE_CHECKING:
    from jinja2 import Environment

HTML = "text/html; charset=utf-8"
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@cache
def _environment() -> "Environment":
    # Imported at the first page only: the JSON path, which carries the load, starts without it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    templates = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(loader=templates, autoescape=True, undefined=StrictUndefined)
    environment.globals["asset"] = asset_path
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}  # Japanese in half of the bytes
    environment.filters |= {"day": day, "clock": clock}
    return environment


def render(template: str, lang: str, **values: Any) -> str:
    """Return a page in one language. ``root`` is the relative path from the page to the base URL."""
    return _environment().get_template(template).render(lang=lang, t=texts(lang), **{"root": "", **values})


def day(iso: str, lang: str) -> str:
    """Return a date written out: ``1 October 2045``, ``2045年10月1日``."""
    when = date.fromisoformat(iso[:10])
    return f"{when.year}年{when.month}月{when.day}日" if lang == "ja" else f"{when.day} {when:%B %Y}"


def clock(iso: str) -> str:
    """Return the time of day in UTC, to the millisecond: ``12:03:07.123``."""
    return datetime.fromisoformat(iso).strftime("%H:%M:%S.%f")[:-3]
