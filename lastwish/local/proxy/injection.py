"""The trophy case of an evening: the best attempts to make our pages run something, for operators on this machine.

`GET stage/injection/TOKEN` is a page that shows each as text, beside the layers that stopped it, and of the best what
logs and traces have of them; with `?of=WISH_ID` it shows one of the others so. Each has a frame with
`GET stage/injection/TOKEN/WISH_ID`: there the text is markup, as in a page that cleans nothing. That document runs no
script and loads nothing, wherever it is opened: its own policy puts it into a sandbox.

An address in a browser carries no token of a sign-in, so the address itself is the key: it is made from the stack's.
"""

import asyncio
import hashlib
import hmac
import re
from itertools import zip_longest
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from domain.envelope import timestamp
from lastwish.local import typed
from lastwish.local.state import Home, State
from lastwish.local.typed import Typed
from web import language, problems, templating

MOST = 20  # attempts on the page
# What makes a browser run or load something; the more of these kinds, the better the attempt.
_TRICKS = {
    "script": r"<script",
    "handler": r"<[^>]*\bon[a-z]+\s*=",
    "link": r"(?:javascript|data|vbscript):",
    "frame": r"<(?:iframe|object|embed|frame)",
    "picture": r"<(?:img|svg|video|audio|math|picture)",
    "style": r"<style|<link|\bstyle\s*=",
    "form": r"<(?:form|input|button|base|meta)",
    "breakout": r"</(?:textarea|title|style)|</script>.*<script|<!--|<!\[",
}
_PATTERNS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _TRICKS.items()}
_WISH_ID = re.compile(r"[0-9a-f-]{36}")
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
_PAGE = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_FRAME = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


def path(key: str) -> str:
    """Return the path of the page below the base URL of the stack with this key."""
    token = hmac.new(key.encode(), b"injection", hashlib.sha256).hexdigest()[:32]
    return f"stage/injection/{token}"


class Injection:
    """Answers for the trophy case of the stack in this home."""

    def __init__(self, home: Home) -> None:
        self._home = home

    async def answer(self, request: Request) -> HTMLResponse:
        """Return the page, or one attempt as markup. Raises Problem 404."""
        state = self._home.load()
        here = path(state.key) if state else ""
        asked = request.scope["raw_path"].decode("latin-1").removeprefix("/")
        if not state or not hmac.compare_digest(asked[: len(here)].encode(), here.encode()):
            raise problems.not_found()
        if asked != here:
            return await asyncio.to_thread(self._frame, asked.removeprefix(f"{here}/"))
        lang = language.language(request.query_params.get("lang", ""), request.headers.get("accept-language", ""))
        return await asyncio.to_thread(self._page, state, lang, request.query_params.get("of", ""))

    def _frame(self, wish_id: str) -> HTMLResponse:
        """Return one attempt as markup. Reads no more of the journal than the lines of its wish: a page has many."""
        found = _with_markup(typed.read(self._home.journal, wish_id)) if _WISH_ID.fullmatch(wish_id) else []
        if not found:
            raise problems.not_found()
        return HTMLResponse(_unsanitised(found[-1].message), headers=_HEADERS | {"content-security-policy": _FRAME})

    def _page(self, state: State, lang: str, wish_id: str) -> HTMLResponse:
        """Return the page of the best attempts, or of one."""
        from lastwish.local.proxy import evidence  # heavy, as in _with_markup

        count, found = attempts(self._home.journal)
        shown = [each for each in found if each.wish_id == wish_id] if wish_id else found[:MOST]
        if wish_id and not shown:
            raise problems.not_found()
        seen = evidence.look(state, shown[: evidence.AT_ONCE])
        html = templating.render(
            "injection.html",
            lang,
            root="../../",
            here=path(state.key).rpartition("/")[2],
            only=wish_id,
            count=count,
            attempts=[_trophy(each) | {"seen": of} for each, of in zip_longest(shown, seen)],
            policy=templating.SECURITY_HEADERS["Content-Security-Policy"],
        )
        return HTMLResponse(html, headers=_HEADERS | {"content-security-policy": _PAGE})


def attempts(journal: Path) -> tuple[int, list[Typed]]:
    """Return how many wishes had markup, and each text of them once, the best first; none that operators took away."""
    found = _with_markup(typed.read(journal))
    best = sorted({each.message: each for each in found}.values(), key=_rank)
    return len({each.wish_id for each in found}), best


def _with_markup(wishes: list[Typed]) -> list[Typed]:
    from frontend.submission import Submission  # heavy, and most shows never ask

    return [each for each in wishes if Submission(each.wish_id, each.event).has_markup]


def _tricks(text: str) -> list[str]:
    return [name for name, pattern in _PATTERNS.items() if pattern.search(text)]


def _rank(wish: Typed) -> tuple[int, float]:
    """Sort by tricks, most first; of two with as many the newest first."""
    return -len(_tricks(wish.message)), -wish.time.timestamp()


def _trophy(wish: Typed) -> dict[str, Any]:
    tricks = _tricks(wish.message)
    names = {"wish_id": wish.wish_id, "time": timestamp(wish.time), "tricks": tricks}
    return names | {"typed": wish.message, "queued": wish.escaped, "stored": wish.stored}


def _unsanitised(text: str) -> str:
    """Return the document of a page that cleans nothing: the text as markup."""
    return f'<!doctype html><meta charset="utf-8"><title>2019</title><h2>The wall</h2><blockquote>{text}</blockquote>'
