"""An event store in memory, the reference for the real one."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from domain.commit import Commit, Recorded
from domain.errors import UnstorableCommit, VersionConflict
from domain.events import WishSubmitted

_LARGEST_ITEM = 400_000


class MemoryEventStore:
    """Passes the same tests as infra.event_store.EventStore (tests/support/event_store_contract.py)."""

    def __init__(self) -> None:
        self._streams: defaultdict[str, dict[int, Commit]] = defaultdict(dict)

    def append(self, commit: Commit) -> bool:
        there = self._streams[commit.stream].get(commit.version)
        if there:
            if there.commit_id == commit.commit_id:
                return False
            raise VersionConflict(commit.stream, commit.version - 1, commit.version)
        if sum(len(done.event.model_dump_json()) for done in commit.events) > _LARGEST_ITEM:
            raise UnstorableCommit("larger than an item may be")
        self._streams[commit.stream][commit.version] = commit
        return True

    def read(self, stream: str) -> list[Commit]:
        return [commit for _, commit in sorted(self._streams[stream].items())]

    def stored(self, streams: Collection[str]) -> set[str]:
        return {stream for stream in streams if 1 in self._streams[stream]}

    def scrub(self, commit: Commit) -> None:
        self._streams[commit.stream][commit.version] = replace(commit, events=tuple(map(_scrubbed, commit.events)))


def _scrubbed(done: Recorded) -> Recorded:
    if isinstance(done.event, WishSubmitted):
        return replace(done, event=done.event.model_copy(update={"name": None, "message": None}))
    return done
