"""What an operator can do about a wish and about the wall, and what they should look at."""

import json
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any
from uuid import uuid4

from domain.commit import events_of, stream_of
from domain.envelope import timestamp
from domain.wish import Command, HideWish, ReleaseWish, Wish, fold, seen_at
from infra.aggregate import Cause, execute
from infra.erasure import erase
from infra.event_store import EventStore
from infra.read_model import ReadModel
from infra.telemetry import logger
from web import problems
from web.wall import MOST_NEWS, as_shown, as_time, recent_news

_MOST_HELD = 100
_MOST_LATEST = 100
_WHENEVER = "~"  # later than any time
_COMMANDS: dict[str, Command] = {"release": ReleaseWish(), "hide": HideWish()}
_WANTED = {"release": "shown", "hide": "hidden", "erase": "hidden"}


def queue(read_model: ReadModel) -> dict[str, Any]:
    """``held``, the longest first, and the ``latest`` that passed, newest first, with ``now`` by our clock."""
    generations = read_model.generations()
    generation = generations.current
    newest = chain.from_iterable(entry["wishes"] for entry in read_model.newest(generation, _WHENEVER))
    operated = read_model.news(generation, recent_news(read_model, generation), MOST_NEWS)
    news = chain.from_iterable(item["versions"] for item in operated)
    rows = read_model.rows(generation, [*islice(newest, _MOST_LATEST), *news])
    latest = sorted(rows.values(), key=lambda row: str(row.get("shown_at", "")), reverse=True)
    held = islice(read_model.held(generation), _MOST_HELD)
    now = datetime.now(UTC)
    return {
        "held": [as_shown(row) | {"reason": row["held_for"], "held_at": as_time(row["held_at"])} for row in held],
        "latest": [as_shown(row) | {"visibility": _seen(row, now)} for row in latest if row["visibility"] != "held"],
        "now": timestamp(now),
        "blank": generations.blank,
    }


def _seen(row: dict[str, Any], now: datetime) -> str:
    return seen_at(row["visibility"], datetime.fromisoformat(row["shown_at"]) if "shown_at" in row else None, now)


def act(store: EventStore, wish_id: str, action: str, correlation_id: str) -> dict[str, Any]:
    """Release, hide or erase; what the wish is now. Again is the same. Raises Problem 404, 409, StoreUnavailable."""
    logger.append_keys(wish_id=wish_id, action=action)
    if action not in _WANTED:
        raise problems.not_found()
    if action == "erase":
        erase(store, wish_id)
    else:
        execute(store, wish_id, _COMMANDS[action], Cause(str(uuid4()), correlation_id, datetime.now(UTC)))
    logger.info("moderated")
    wish = fold(events_of(store.read(stream_of(wish_id))))
    if wish is None:
        raise problems.not_stored_yet()
    if not _is_done(wish, action):
        raise problems.not_now(f"The wish is {wish.status}.")
    return {"wish_id": wish_id, "status": wish.status, "visibility": wish.visibility}


def _is_done(wish: Wish, action: str) -> bool:
    return wish.erased if action == "erase" else wish.visibility == _WANTED[action]


def panic(read_model: ReadModel, body: bytes) -> dict[str, bool]:
    """Blank the wall (``{"on": true}``) or bring it back. Raises Problem 400, StoreUnavailable."""
    try:
        on = json.loads(body.decode())["on"]
    except (ValueError, RecursionError, KeyError, TypeError):
        on = None
    if not isinstance(on, bool):
        raise problems.bad_request('Send {"on": true} or {"on": false}.')
    read_model.blank(on)
    logger.warning("panic" if on else "panic is over")
    return {"on": on}
