"""Show a wish's stream, commit by commit, with the state folded at each version. Never shows what was typed."""

from typing import Any

from domain.commit import Commit, events_of, stream_of
from domain.envelope import timestamp
from domain.wish import Wish, fold
from lastwish.aws.clients import plain_errors
from lastwish.errors import NoSuchWish
from lastwish.maintenance.stores import Stores


def history(stores: Stores, wish_id: str) -> list[dict[str, Any]]:
    """Return one entry per commit, oldest first, from a consistent read. Raises NoSuchWish, AwsError."""
    with plain_errors():
        commits = stores.events.read(stream_of(wish_id))
    if not commits:
        raise NoSuchWish(f"wish {wish_id} is not stored (it may still be on its way)", wish_id=wish_id)
    return [_entry(commit, fold(events_of(commits[: n + 1]))) for n, commit in enumerate(commits)]


def _entry(commit: Commit, state: Wish | None) -> dict[str, Any]:
    return {
        "version": commit.version,
        "time": timestamp(commit.time),
        "commit_id": commit.commit_id,
        "correlation_id": commit.correlation_id,
        "trace_id": commit.trace_id,
        "events": [{"type": done.event.type, "time": timestamp(done.time)} for done in commit.events],
        "state": _state(state) if state else None,
    }


def _state(wish: Wish) -> dict[str, Any]:
    return {
        "status": wish.status,
        "visibility": wish.visibility,
        "destination": wish.destination,
        "seat": wish.seat,
        "pod": wish.pod,
        "arrives_on": wish.arrives_on.isoformat() if wish.arrives_on else None,
        "reason": wish.reason,
        "has_text": wish.message is not None or wish.name is not None,
    }
