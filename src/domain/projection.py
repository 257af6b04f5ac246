"""What the read model says of a wish, as pure functions of the wish's folded states before and after some commits."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.commit import Commit, events_of
from domain.events import Event, WishErased, WishHidden, WishShown
from domain.wish import Wish, fold

type Totals = Counter[str]


@dataclass(frozen=True, slots=True)
class Change:
    """A wish's row moves from one version to another. ``before`` is None where there is no row yet (version 0).

    ``home`` is the shelf on which the wish first stood. Its row stays there for good, so that a late redelivery of an
    old commit finds it, and so does the wall; what boards later gets a copy on its pod's shelf.
    """

    wish_id: str
    version_before: int
    before: Wish | None
    version: int
    after: Wish
    home: str
    minute: str
    shown_at: str | None
    held_at: str | None
    is_operated: bool

    @property
    def rows(self) -> int:
        """How many rows it writes: one, and a copy for what boarded late."""
        return 1 if shelf(self.after, self.wish_id) == self.home else 2

    @property
    def totals(self) -> Totals:
        """What this change adds to the totals: each wish counts once, under its outcome."""
        delta = Counter({_counter(self.after): 1})
        if self.before:
            delta.subtract({_counter(self.before): 1})
        return Counter({name: count for name, count in delta.items() if count})

    @property
    def is_new_on_the_wall(self) -> bool:
        """Whether the rules let the wish be seen, from ``shown_at`` on. An operator's word goes another way."""
        return self.before is None and self.after.visibility == "shown" and not self.is_operated


def _is_an_operators(event: Event) -> bool:
    return isinstance(event, WishHidden | WishErased) or (isinstance(event, WishShown) and event.by == "operator")


def _counter(wish: Wish) -> str:
    return f"{wish.destination}_{wish.outcome}"


def change(wish_id: str, commits: Sequence[Commit], version_before: int) -> Change | None:
    """The change from a row's version to the end of the stream; None where there is nothing new.

    ``commits`` are the whole stream, from version 1 without a gap.
    """
    before = state_at(commits, version_before)
    after = state_at(commits, len(commits))
    home = home_of(wish_id, commits)
    if after is None or home is None or version_before >= len(commits):
        return None
    shown = [
        done.event.since or done.time
        for commit in commits
        for done in commit.events
        if isinstance(done.event, WishShown)
    ]
    return Change(
        wish_id,
        version_before,
        before,
        len(commits),
        after,
        home,
        minute=commits[0].time.strftime("%Y-%m-%dT%H:%M"),
        shown_at=shown[-1].isoformat() if shown else None,
        held_at=commits[0].time.isoformat() if after.visibility == "held" else None,
        is_operated=any(map(_is_an_operators, events_of(commits[version_before:]))),
    )


def home_of(wish_id: str, commits: Sequence[Commit]) -> str | None:
    """The shelf on which the wish first stood; None where it does not exist yet."""
    first = state_at(commits, 1)
    return shelf(first, wish_id) if first else None


def state_at(commits: Sequence[Commit], version: int) -> Wish | None:
    """The wish as it was after this many commits."""
    return fold(events_of(commits[:version]))


def totals_of(changes: Iterable[Change]) -> Totals:
    """One delta for all of them."""
    total: Totals = Counter()
    for each in changes:
        total.update(each.totals)
    return Counter({name: count for name, count in total.items() if count})


def shelf(wish: Wish, wish_id: str) -> str:
    """Where a row stands, so that a roster is one query: by pod, or among those without one."""
    if wish.outcome == "boarded":
        return f"pod#{wish.destination}#{wish.pod or 0}"
    return f"{wish.outcome}#{wish.destination}#{wish_id[0]}"
