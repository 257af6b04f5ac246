"""Changes of the read model, as pure functions of a wish's folded states before and after some commits."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.commit import Commit, events_of
from domain.events import Event, WishErased, WishHidden, WishShown
from domain.wish import Wish, fold

type Totals = Counter[str]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a wish's row from one version to another. ``before`` is None where there is no row yet (version 0).

    ``home`` is the wish's first shelf. Its row stays there for good, so that the wall and a late redelivery of an old
    commit find it. A wish that boards later gets a copy on its pod's shelf. ``delay`` lies between the decision to
    show it and ``shown_at``.
    """

    wish_id: str
    version_before: int
    before: Wish | None
    version: int
    after: Wish
    home: str
    minute: str
    shown_at: datetime | None
    delay: timedelta
    held_at: str | None
    is_moderated: bool

    @property
    def row_count(self) -> int:
        """Return the number of rows to write: one, and a copy for a wish that boarded later."""
        return 1 if shelf(self.after, self.wish_id) == self.home else 2

    @property
    def totals(self) -> Totals:
        """Return the change of the totals: each wish counts once, under its outcome."""
        delta = Counter({_counter_name(self.after): 1})
        if self.before:
            delta.subtract({_counter_name(self.before): 1})
        return Counter({name: count for name, count in delta.items() if count})

    @property
    def is_new_on_the_wall(self) -> bool:
        """Return true where the rules show the wish, from ``due_at`` on. Moderation goes to the news instead."""
        return self.before is None and self.after.visibility == "shown" and not self.is_moderated

    def due_at(self, now: datetime) -> datetime:
        """Return when the wall may show a wish that is stored now: at ``shown_at``, at most its delay from now.

        So a wish whose worker had a fast clock waits as long as any other.
        """
        return min(self.shown_at or now, now + self.delay)


def _is_moderation(event: Event) -> bool:
    return isinstance(event, WishHidden | WishErased) or (isinstance(event, WishShown) and event.by == "operator")


def _counter_name(wish: Wish) -> str:
    return f"{wish.destination}_{wish.outcome}"


def change_since(wish_id: str, commits: Sequence[Commit], version_before: int) -> Change | None:
    """Return the change from a row's version to the end of the stream; None where there is none.

    ``commits`` are the whole stream, from version 1 without a gap.
    """
    before = state_at(commits, version_before)
    after = state_at(commits, len(commits))
    home = home_of(wish_id, commits)
    if after is None or home is None or version_before >= len(commits):
        return None
    recorded = (recorded for commit in commits for recorded in commit.events)
    shown = [(it.time, it.event.since or it.time) for it in recorded if isinstance(it.event, WishShown)]
    return Change(
        wish_id,
        version_before,
        before,
        len(commits),
        after,
        home,
        minute=commits[0].time.strftime("%Y-%m-%dT%H:%M"),
        shown_at=shown[-1][1] if shown else None,
        delay=shown[-1][1] - shown[-1][0] if shown else timedelta(0),
        held_at=commits[0].time.isoformat() if after.visibility == "held" else None,
        is_moderated=any(map(_is_moderation, events_of(commits[version_before:]))),
    )


def home_of(wish_id: str, commits: Sequence[Commit]) -> str | None:
    """Return the first shelf of a wish; None where the wish does not exist yet."""
    first = state_at(commits, 1)
    return shelf(first, wish_id) if first else None


def state_at(commits: Sequence[Commit], version: int) -> Wish | None:
    """Return the wish after this many commits."""
    return fold(events_of(commits[:version]))


def totals_of(changes: Iterable[Change]) -> Totals:
    """Return the sum of the totals of these changes, without zeros."""
    total: Totals = Counter()
    for change in changes:
        total.update(change.totals)
    return Counter({name: count for name, count in total.items() if count})


def shelf(wish: Wish, wish_id: str) -> str:
    """Return the partition of a wish's row. Those of a pod stand together, so that a roster is one query."""
    if wish.outcome == "boarded":
        return f"pod#{wish.destination}#{wish.pod or 0}"
    return f"{wish.outcome}#{wish.destination}#{wish_id[0]}"
