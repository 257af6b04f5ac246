"""Picture of all stores at once, as the audit compares them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.commit import Commit, events_of, wish_of
from domain.events import WishErased, WishShown, WishSubmitted
from domain.wish import Wish, fold
from lastwish.maintenance.dead_letters import Letter
from lastwish.promises import import_id


@dataclass(frozen=True, slots=True)
class Stored:
    """One wish folded from its commits in the order of their versions, even when one is missing in between."""

    commits: tuple[Commit, ...]
    wish: Wish | None
    home: Wish | None

    @classmethod
    def of(cls, commits: Iterable[Commit]) -> "Stored":
        """Fold the commits of one stream, given in any order."""
        ordered = tuple(sorted(commits, key=lambda commit: commit.version))
        return cls(ordered, _wish(ordered), _wish(ordered[:1]))

    @property
    def submitted_at(self) -> datetime:
        """Time at which the frontend took it."""
        first = self.commits[0]
        return next((done.time for done in first.events if isinstance(done.event, WishSubmitted)), first.time)

    @property
    def is_imported(self) -> bool:
        """True where an import stored it: no record of ours promises it, and its source is checked by the import."""
        first = self.commits[0]
        return first.version == 1 and first.commit_id == import_id(wish_of(first.stream))

    @property
    def is_erased(self) -> bool:
        """True from its erasure on, also where nothing else of it was ever stored."""
        return any(isinstance(event, WishErased) for event in events_of(self.commits))

    @property
    def shown_at(self) -> str | None:
        """Time from which it may be seen, as rows have it; the last event counts."""
        times = [done.event.since or done.time for done in self._showings]
        return times[-1].isoformat() if times else None

    @property
    def held_at(self) -> str | None:
        """Time since which it is held, as rows have it; None when it is not."""
        return self.commits[0].time.isoformat() if self.wish and self.wish.visibility == "held" else None

    @property
    def _showings(self) -> list[Any]:
        return [done for commit in self.commits for done in commit.events if isinstance(done.event, WishShown)]


@dataclass
class Model:
    """One generation of the read model. ``rows``: (shelf, wish id, attributes).

    ``feed`` and ``news``: places (``shelf/wish id``) by position.
    """

    rows: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)
    minutes: dict[str, Counter[str]] = field(default_factory=dict)
    feed: dict[int, list[str]] = field(default_factory=dict)
    news: dict[int, list[str]] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        """Ids of wishes whose rows hold what a person typed, an id for each row."""
        return [wish_id for _, wish_id, row in self.rows if "message" in row or "name" in row]


@dataclass
class Picture:
    """Content of the stores. Of the wishes in ``unreadable`` there are commits that this version cannot read.

    ``models`` has every generation that has an item or is live; ``current`` is the one that is read.
    """

    stored: dict[str, Stored] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    models: dict[int, Model] = field(default_factory=dict)
    current: int = 1
    live: frozenset[int] = frozenset({1})
    letters: Sequence[Letter] = ()
    marks: dict[str, int] = field(default_factory=dict)
    free: dict[str, set[int]] = field(default_factory=dict)


def _wish(commits: Sequence[Commit]) -> Wish | None:
    """Return the folded wish; None without its submission, as where it was erased before it was stored."""
    events = events_of(commits)
    return fold(events) if any(isinstance(event, WishSubmitted) for event in events) else None
