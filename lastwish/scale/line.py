"""Buckets that bound a chain, and lines of wishes in front of a function that takes batches. Knows nothing of AWS.

Time goes in windows. Within a window a parcel keeps its exact time, so a wide window costs little accuracy. A parcel is
some wishes that go together: the model's grain.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil, inf
from operator import attrgetter, itemgetter
from typing import NamedTuple

_ROUNDING = 1e-6  # wishes: a bucket that holds exactly one lets it through
_MOST_PARCELS = 64  # that a line is given in one window: neighbours by birth become one


class Parcel(NamedTuple):
    """So many wishes that came `at` this moment for this try, of people who pressed at `born`: seconds, both means."""

    at: float
    born: float
    wishes: int
    tries: int = 1


@dataclass(slots=True)
class Bucket:
    """A token bucket: `rate` a second, `burst` at once; `kept` is for others, for the moment.

    `held` are the wish-seconds that it held back, `since` when it first did; `peak` is the highest rate so far.
    """

    name: str
    rate: float
    burst: float = 0
    held: float = 0
    since: float = inf
    peak: float = 0
    kept: float = 0
    left: float = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.burst

    def fill(self, seconds: float) -> None:
        """Add what a window brings. What was not used before counts up to the burst."""
        self.left = min(self.burst, self.left) + self.rate * seconds

    def take(self, units: float, seconds: float) -> None:
        """Use up some units in a window of so many seconds."""
        self.left -= units
        self.peak = max(self.peak, min(self.rate, units / seconds))

    def hold(self, wishes: float, end: float, seconds: float) -> None:
        """Note that this bucket alone let no more through."""
        self.held += wishes * seconds
        self.since = min(self.since, end)


class Use(NamedTuple):
    """What a batch takes of a bucket: so much for each wish in it, and so much for itself."""

    bucket: Bucket
    per_wish: float = 0
    per_batch: float = 0

    def units(self, wishes: float) -> float:
        """Return what one wish takes in a batch of so many."""
        return self.per_wish + self.per_batch / wishes


def most(uses: Iterable[Use], batch: int) -> tuple[float, Bucket | None]:
    """Return how many wishes, in full batches, these let through in this window, and which lets the fewest."""
    rooms = [
        (max(0.0, use.bucket.left - use.bucket.kept) / units + _ROUNDING, use.bucket)
        for use in uses
        if (units := use.units(batch))
    ]
    return min(rooms, key=itemgetter(0), default=(inf, None))


@dataclass(slots=True)
class Line:
    """Wishes that wait for a function. A batch takes `base` and for each wish `each` seconds; then `done` has it.

    The first of `uses` is of what invokes the function; a batch that is not full keeps it `window` seconds longer.
    `waited` and `area` count what waited for how long, for Little's law.
    """

    name: str
    batch: int
    base: float
    each: float
    window: float
    uses: Sequence[Use]
    done: Callable[[Parcel], None]
    refused: float = 0  # share of the batches for which there is no environment
    back: Callable[[Parcel], None] | None = None  # who has what was refused
    parcels: deque[Parcel] = field(default_factory=deque)
    waiting: int = 0  # in this line, and on the way to it
    batches: int = 0
    busy: float = 0
    waited: float = 0
    area: float = 0

    def ready(self, end: float) -> int:
        """Return how many wishes are there by then. Those who come later stand at the end."""
        later = 0
        for parcel in reversed(self.parcels):
            if parcel.at < end:
                break
            later += parcel.wishes
        return self.waiting - later

    def put(self, parcel: Parcel) -> None:
        """Add a parcel at the end."""
        self.parcels.append(parcel)
        self.waiting += parcel.wishes

    def age(self, now: float) -> float:
        """Return for how long the oldest wish has been waiting."""
        return max(0.0, now - self.parcels[0].at) if self.parcels else 0

    def step(self, end: float, seconds: float) -> None:
        """Take what the buckets let through in the window that ends now."""
        ready = self.ready(end)
        room, tightest = most(self.uses, self.batch)
        moving = min(ready, int(room))
        if tightest and moving < ready:
            tightest.hold(ready - moving, end, seconds)
        self.area += seconds * (ready - moving)
        if not moving:
            return
        batches = self._batches(moving)
        waits = self.window if batches > ceil(moving / self.batch) else 0
        for use in self.uses:
            use.bucket.take(use.per_wish * moving + use.per_batch * batches, seconds)
        if self.uses:
            self.uses[0].bucket.take(waits * batches, seconds)
        takes = self.base + self.each * moving / batches
        self.batches += batches
        self.busy += batches * takes
        self._take(moving, end - seconds, seconds / room, waits / 2 + takes)

    def _batches(self, moving: int) -> int:
        """Return in how many batches they go: as many as the buckets bear, for a poller takes what is there."""
        costs = [use.per_batch + self.window * (not n) for n, use in enumerate(self.uses)]
        lefts = [use.bucket.left - use.per_wish * moving for use in self.uses]
        rooms = [left / cost for left, cost in zip(lefts, costs, strict=True) if cost]
        return min(moving, max(ceil(moving / self.batch), int(min(rooms, default=moving))))

    def _take(self, moving: int, begin: float, pace: float, seconds: float) -> None:
        taken, handed = 0, []
        self.waiting -= moving
        while taken < moving:
            parcel = self.parcels.popleft()
            count = min(parcel.wishes, moving - taken)
            if count < parcel.wishes:
                self.parcels.appendleft(parcel._replace(wishes=parcel.wishes - count))
            start = max(parcel.at, begin + pace * taken)
            self.waited += count * (start - parcel.at)
            back = int(self.refused * (taken + count)) - int(self.refused * taken)
            taken += count
            if back and self.back:
                self.back(parcel._replace(at=start, wishes=back))
            if count > back:
                handed.append(Parcel(start + seconds, parcel.born, count - back))
        for parcel in merged(handed):
            self.done(parcel)


def merged(parcels: Sequence[Parcel]) -> Sequence[Parcel]:
    """Make the parcels fewer where they are many: equal parts, of neighbours by birth, with their mean times.

    Equal, for where some grew with each merger they would swallow the others.
    """
    if len(parcels) <= _MOST_PARCELS:
        return parcels
    size = ceil(sum(parcel.wishes for parcel in parcels) / _MOST_PARCELS)
    groups: list[list[Parcel]] = [[]]
    room = size
    for parcel in sorted(parcels, key=attrgetter("born")):
        left = parcel.wishes
        while left:
            count = min(left, room)
            groups[-1].append(parcel._replace(wishes=count))
            left, room = left - count, room - count
            if not room:
                groups.append([])
                room = size
    return sorted(_one(group) for group in groups if group)


def _one(parcels: Sequence[Parcel]) -> Parcel:
    count = sum(parcel.wishes for parcel in parcels)
    mean = [sum(parcel.wishes * parcel[n] for parcel in parcels) / count for n in (0, 1)]
    return Parcel(mean[0], mean[1], count, max(parcel.tries for parcel in parcels))
