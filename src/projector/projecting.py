"""Commits into one generation of the read model. The stream's handler and a rebuild use the same function.

Each wish's row knows the version that it has reached. What the row has already is skipped, what is missing in between
is read from the store, and only the rest is written, in slices.
"""

import random
import time
from collections.abc import Iterable, Sequence

from domain.commit import Commit, stream_of, wish_of
from domain.projection import Change, change, home_of
from infra.event_store import EventStore
from infra.read_model import ReadModel, SliceConflict, sliced

_TRIES = 8


def project(store: EventStore, read_model: ReadModel, generation: int, commits: Iterable[Commit]) -> int:
    """Apply commits in any order, any cut, any number of times; how many wishes changed.

    Raises StoreUnavailable, and SliceConflict after many lost races.
    """
    by_wish: dict[str, list[Commit]] = {}
    for commit in sorted(commits, key=lambda commit: commit.version):
        by_wish.setdefault(commit.stream, []).append(commit)
    changes = [_expected(store, read_model, generation, stream, known) for stream, known in by_wish.items()]
    return sum(_apply(store, read_model, generation, slice_) for slice_ in sliced([each for each in changes if each]))


def _expected(
    store: EventStore, read_model: ReadModel, generation: int, stream: str, known: Sequence[Commit]
) -> Change | None:
    """The change as it most likely is: a wish whose first commit is here has no row yet."""
    if [commit.version for commit in known] == list(range(1, len(known) + 1)):
        return change(wish_of(stream), known, 0)
    return _verified(store, read_model, generation, stream)


def _verified(store: EventStore, read_model: ReadModel, generation: int, stream: str) -> Change | None:
    """The change as it is: from the row's own version to the end of the stored stream."""
    wish_id, commits = wish_of(stream), store.read(stream)
    home = home_of(wish_id, commits)
    rows = read_model.rows(generation, [f"{home}/{wish_id}"] if home else [], consistent=True)
    return change(wish_id, commits, max((int(row["version"]) for row in rows.values()), default=0))


def _apply(store: EventStore, read_model: ReadModel, generation: int, slice_: list[Change]) -> int:
    for attempt in range(_TRIES):
        if not slice_:
            return 0
        try:
            read_model.apply(generation, slice_)
        except SliceConflict:
            if attempt == _TRIES - 1:
                raise
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311  jitter, not a secret
            verified = [_verified(store, read_model, generation, stream_of(each.wish_id)) for each in slice_]
            slice_ = [each for each in verified if each]
        else:
            return len(slice_)
    return 0
