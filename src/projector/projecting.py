"""Apply commits to one generation of the read model. The stream's handler and a rebuild use the same function.

Each wish's row has the version that it has reached. Commits up to it are skipped, missing commits are read from the
store, and only the rest is written, in slices.
"""

import random
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from domain.commit import Commit, stream_of, wish_of
from domain.projection import Change, change_since, home_of
from infra.event_store import EventStore
from infra.read_model import ReadModel, SliceConflict, sliced

_TRIES = 8


def project(  # noqa: PLR0917 - which model, and what goes into it
    store: EventStore,
    read_model: ReadModel,
    generation: int,
    commits: Iterable[Commit],
    now: datetime | None = None,
    anew: bool = False,
) -> int:
    """Apply commits in any order, any batches, any number of times. Return how many wishes changed.

    ``now`` is when the newest was stored, None for the present. ``anew`` reads each commit from the store again. Raises
    StoreUnavailable, and SliceConflict after many lost races.
    """
    by_stream: dict[str, list[Commit]] = {}
    for commit in sorted(commits, key=lambda commit: commit.version):
        by_stream.setdefault(commit.stream, []).append(commit)
    changes = [
        _change(store, read_model, generation, stream, [] if anew else known) for stream, known in by_stream.items()
    ]
    slices = sliced([change for change in changes if change])
    return sum(_apply(store, read_model, generation, slice_, now or datetime.now(UTC)) for slice_ in slices)


def _change(
    store: EventStore, read_model: ReadModel, generation: int, stream: str, known: Sequence[Commit] = ()
) -> Change | None:
    """Return the change from the version of the stored row to the end of the stored stream.

    Without a read where the first commit is known: such a wish most likely has no row yet.
    """
    if known and [commit.version for commit in known] == list(range(1, len(known) + 1)):
        return change_since(wish_of(stream), known, 0)
    wish_id, commits = wish_of(stream), store.read(stream)
    home = home_of(wish_id, commits)
    rows = read_model.rows(generation, [f"{home}/{wish_id}"] if home else [], consistent=True)
    return change_since(wish_id, commits, max((int(row["version"]) for row in rows.values()), default=0))


def _apply(
    store: EventStore, read_model: ReadModel, generation: int, slice_: list[Change], now: datetime, *, attempt: int = 1
) -> int:
    try:
        read_model.apply(generation, slice_, now)
    except SliceConflict as conflict:
        if attempt == _TRIES:
            raise
        time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311  jitter, not a secret
        left = [change for change in slice_ if change.wish_id not in conflict.wish_ids]
        lost = [change for change in slice_ if change.wish_id in conflict.wish_ids]
        # Cut again: a wish that boarded meanwhile has one row more.
        again = sliced(left + _left_of(store, read_model, generation, lost))
        return sum(_apply(store, read_model, generation, some, now, attempt=attempt + 1) for some in again)
    return len(slice_)


def _left_of(store: EventStore, read_model: ReadModel, generation: int, lost: list[Change]) -> list[Change]:
    """Return what is left to write of changes whose rows have moved on: nothing where a row is as far already."""
    rows = read_model.rows(generation, [f"{change.home}/{change.wish_id}" for change in lost], consistent=True)
    reached = {row["sk"]: int(row["version"]) for row in rows.values()}
    behind = [change.wish_id for change in lost if reached.get(change.wish_id, 0) < change.version]
    changes = [_change(store, read_model, generation, stream_of(wish_id)) for wish_id in behind]
    return [change for change in changes if change]
