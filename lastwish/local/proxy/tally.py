"""Tell the wall how many wishes were promised, at `GET /stage/accepted`: `{"accepted": 1234}`.

The proxy answers it by itself, also while the engine is busy with a burst. Less what the totals count, that is how many
are on their way. On AWS nobody answers this path, and the wall shows nothing.
"""

import os
from pathlib import Path

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from lastwish.local.proxy.ledger import wishes_of

PATH = "/stage/accepted"


class Tally:
    """Counts the wishes of a ledger, each once. Reads only what is new since the last time."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._file, self._read = 0, 0  # inode and bytes
        self._wish_ids: set[str] = set()

    def accepted(self) -> int:
        """Return how many different wishes are promised; 0 in a ledger that has just begun."""
        try:
            with self._ledger.open("rb") as ledger:
                if self._file != (inode := os.fstat(ledger.fileno()).st_ino):  # the old one was put aside
                    self._file, self._read, self._wish_ids = inode, 0, set()
                ledger.seek(self._read)
                lines = ledger.read().rpartition(b"\n")[0]
        except FileNotFoundError:
            return 0
        self._read += len(lines)
        self._wish_ids.update(wishes_of(lines.decode(errors="replace").splitlines()))
        return len(self._wish_ids)


def layer(app: ASGIApp, ledger: Path) -> ASGIApp:
    """Return an ASGI layer that answers PATH, and passes every other request on."""
    tally = Tally(ledger)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and (scope["method"], scope["path"]) == ("GET", PATH)
        counted = JSONResponse({"accepted": tally.accepted()}, headers={"Cache-Control": "no-store"}) if asked else app
        await counted(scope, receive, send)

    return answer
