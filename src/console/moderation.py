"""Moderation by operators: the queue of wishes to look at, actions on one wish, and the blank wall."""

import json
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any
from uuid import uuid4

from domain.commit import events_of, stream_of
from domain.envelope import timestamp
from domain.wish import Command, HideWish, ReleaseWish, Wish, fold, visibility_at
from infra.aggregate import Cause, execute
from infra.erasure import Places, TextLeft, erase
from infra.read_model import ReadModel
from infra.telemetry import logger
from web import problems
from web.wall import MOST_NEWS, before_last_news, row_document, row_time

_MOST_HELD = 100
_MOST_LATEST = 100
_PATIENCE = 5  # seconds for the projector; with both dead-letter queues to read it fits into the function's timeout
_COMMANDS: dict[str, Command] = {"release": ReleaseWish(), "hide": HideWish()}
_VISIBILITY_AFTER = {"release": "shown", "hide": "hidden", "erase": "hidden"}


def read_queue(read_model: ReadModel) -> dict[str, Any]:
    """Return ``held`` wishes, longest held first, the ``latest`` that passed, newest first, and the time ``now``."""
    generations = read_model.generations()
    generation = generations.current
    feed_end, news_end = read_model.ends(generation)
    newest = chain.from_iterable(entry["wishes"] for entry in read_model.newest(generation, feed_end))
    news = read_model.news(generation, before_last_news(news_end), news_end, MOST_NEWS)
    moderated = chain.from_iterable(item["versions"] for item in news)
    rows = read_model.rows(generation, [*islice(newest, _MOST_LATEST), *moderated])
    passed = (row for row in rows.values() if row["visibility"] != "held")
    latest = sorted(passed, key=lambda row: str(row.get("shown_at", "")), reverse=True)
    held = islice(read_model.held(generation), _MOST_HELD)
    now = datetime.now(UTC)
    return {
        "held": [row_document(row) | {"reason": row["held_for"], "held_at": row_time(row["held_at"])} for row in held],
        "latest": [row_document(row) | {"visibility": _visibility(row, now)} for row in latest],
        "now": timestamp(now),
        "blank": generations.blank,
    }


def _visibility(row: dict[str, Any], now: datetime) -> str:
    since = datetime.fromisoformat(row["shown_at"]) if "shown_at" in row else None
    return visibility_at(row["visibility"], since, now)


def moderate(places: Places, wish_id: str, action: str, correlation_id: str) -> dict[str, Any]:
    """Release, hide or erase a wish and return its new state. Repeatable.

    Raises Problem 404, 409, 503 where text is left, StoreUnavailable, QueueUnavailable.
    """
    logger.append_keys(wish_id=wish_id, action=action)
    if action not in _VISIBILITY_AFTER:
        raise problems.not_found()
    if action == "erase":
        try:
            erase(places, wish_id, _PATIENCE)
        except TextLeft as error:
            raise problems.text_left() from error
    else:
        execute(places.events, wish_id, _COMMANDS[action], Cause(str(uuid4()), correlation_id, datetime.now(UTC)))
    logger.info("moderated")
    wish = fold(events_of(places.events.read(stream_of(wish_id))))
    if wish is None:
        raise problems.not_stored_yet()
    if not _is_done(wish, action):
        raise problems.conflict(f"The wish is {wish.status}.")
    return {"wish_id": wish_id, "status": wish.status, "visibility": wish.visibility}


def _is_done(wish: Wish, action: str) -> bool:
    return wish.erased if action == "erase" else wish.visibility == _VISIBILITY_AFTER[action]


def set_panic(read_model: ReadModel, body: bytes) -> dict[str, bool]:
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
