"""What a stored wish looks like from outside: the JSON of ``GET /wishes/{wish_id}``."""

import html
from datetime import datetime
from typing import Any

from domain.commit import Commit, events_of
from domain.envelope import timestamp
from domain.wish import fold


def wish_view(wish_id: str, commits: list[Commit], now: datetime) -> dict[str, Any] | None:
    """The folded wish as of now, with its history; None where there is nothing to fold.

    ``message`` and ``name`` are what was typed, for ``textContent``; the ``_html`` twins are escaped, for templates.
    """
    wish = fold(events_of(commits))
    if wish is None:
        return None
    return {
        "wish_id": wish_id,
        "status": wish.status,
        "visibility": wish.seen_at(now),
        "shown_at": timestamp(wish.shown_since) if wish.shown_since else None,
        "reason": wish.reason,
        "destination": wish.destination,
        "name": _typed(wish.name),
        "name_html": wish.name,
        "message": _typed(wish.message),
        "message_html": wish.message,
        "seat": wish.seat,
        "pod": wish.pod,
        "arrives_on": wish.arrives_on.isoformat() if wish.arrives_on else None,
        "history": [
            {"version": commit.version, "type": recorded.event.type, "time": timestamp(recorded.time)}
            for commit in commits
            for recorded in commit.events
        ],
        "trace_id": commits[0].trace_id,
    }


def _typed(escaped: str | None) -> str | None:
    return None if escaped is None else html.unescape(escaped)
