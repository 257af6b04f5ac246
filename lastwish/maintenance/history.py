"""Show a wish's stream, commit by commit, with the state folded at each version. Never shows what was typed."""

from typing import Any

from domain.commit import Commit, events_of, stream_of
from domain.envelope import timestamp
from domain.errors import UnreadableCommit
from domain.wish import Wish, fold
from infra.event_store import commit_of
from lastwish.aws.clients import plain_errors
from lastwish.errors import NoSuchWish
from lastwish.maintenance.stores import Stores


def history(stores: Stores, wish_id: str) -> list[dict[str, Any]]:
    """Return one entry per commit, oldest first, from a consistent read. Raises NoSuchWish, AwsError.

    The entry of a commit that cannot be read has ``unreadable``, the reason. From there on no state is known.
    """
    with plain_errors():
        items = stores.events.items(stream_of(wish_id))
    if not items:
        raise NoSuchWish(f"wish {wish_id} is not stored (it may still be on its way)", wish_id=wish_id)
    entries: list[dict[str, Any]] = []
    commits: list[Commit] | None = []
    for item in items:
        try:
            commit = commit_of(item)
        except UnreadableCommit as error:
            commits = None
            entries.append({"version": error.version, "unreadable": error.reason, "events": [], "state": None})
        else:
            commits = None if commits is None else [*commits, commit]
            entries.append(_entry(commit, fold(events_of(commits)) if commits else None))
    return entries


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
