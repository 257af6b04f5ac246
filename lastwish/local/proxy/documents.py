"""Show the documentation as pages on this machine, each at its path in the repository: `docs/runbooks/sold-out.md`.

So a link from one page to another is right here too, and mission control can open the runbook of an alarm. What is no
page of docs/ has no answer here.
"""

import html
import re
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lastwish.local.state import ROOT
from web.templating import HTML, SECURITY_HEADERS

STYLE = Path(__file__).with_name("documents.css")
# No dot besides that of the suffix: no path leaves the folder. No name that a file system refuses as too long.
_PAGE = re.compile(r"/docs/((?:[\w-]{1,99}/){0,9}[\w-]{1,99})\.(md|css|svg|jpg|png)", re.ASCII)
_MEDIA_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml", "jpg": "image/jpeg", "png": "image/png"}
_SHELL = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light"><title>{title} · Last Wish</title>
<link rel="stylesheet" href="/docs/documents.css"></head><body><main>
{body}</main></body></html>
"""


def layer(app: ASGIApp) -> ASGIApp:
    """Return an ASGI layer that answers GET of a document, and passes every other request on."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        found = document(scope["path"]) if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"} else None
        await (found or app)(scope, receive, send)

    return answer


def document(path: str) -> Response | None:
    """Return a page, or a picture or the style of one; None for any other path."""
    if (match := _PAGE.fullmatch(path)) is None:
        return None
    file = STYLE if path == f"/docs/{STYLE.name}" else ROOT / path.lstrip("/")
    if not file.is_file():
        return None
    headers = {**SECURITY_HEADERS, "Cache-Control": "no-cache"}
    if match[2] == "md":
        return Response(page(file.read_text("utf-8")), headers=headers, media_type=HTML)
    return Response(file.read_bytes(), headers=headers, media_type=_MEDIA_TYPES[match[2]])


def page(markdown: str) -> str:
    """Return Markdown of ours as an HTML page. Its headings have GitHub's names, to which links lead."""
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.push("names", _name_headings)
    title = markdown.partition("\n")[0].lstrip("# ")
    return _SHELL.format(title=html.escape(title), body=parser.render(markdown))


def _name_headings(state: StateCore) -> None:
    for opening, inside in zip(state.tokens, state.tokens[1:], strict=False):
        if opening.type == "heading_open":
            opening.attrSet("id", re.sub(r"[^\w -]", "", inside.content.lower()).replace(" ", "-"))
