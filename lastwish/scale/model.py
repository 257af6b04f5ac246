"""The simulation: people who press and press again, the door that refuses them, and the lines behind it.

SimPy holds the events: who knocks when, batches that come back, tables that grow, and the clock of the windows.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import simpy

from lastwish.scale.chain import Chain, chain, frontend_seconds
from lastwish.scale.line import Bucket, Line, Parcel, merged, most
from lastwish.scale.parameters import Parameters

_LONGEST = 14 * 86_400.0  # seconds, after which SQS has no message any more
_STEPS = 100_000  # windows, after which what is not through is stuck, or takes far longer than its bounds say

type Times = list[tuple[float, int]]


@dataclass(slots=True)
class Run:
    """What happened, in wishes and in seconds. What was promised is stored, or waits, or is dead.

    answered, seat, wall   (seconds since the press, wishes) of all that came so far
    series                 of each window: its end, wishes pressed, promised, stored, shown, and waiting in each line
    """

    wishes: int
    pressed: int = 0
    tries: int = 0
    refused_first: int = 0
    promised: int = 0
    stored: int = 0
    shown: int = 0
    dead: int = 0
    hidden: int = 0
    last_promised: float = 0
    last_stored: float = 0
    last_shown: float = 0
    answered: Times = field(default_factory=list)
    seat: Times = field(default_factory=list)
    wall: Times = field(default_factory=list)
    oldest: dict[str, float] = field(default_factory=dict)
    series: list[tuple[float, ...]] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether every wish has come to its end."""
        return self.shown + self.dead == self.wishes


class Model:
    """A chain and a crowd. ``times``: when people press, sorted; each stands for its part of ``wishes``, the grain."""

    def __init__(self, p: Parameters, times: Sequence[float], wishes: int, window: float, seed: int = 1) -> None:
        self.p, self.window, self.run = p, window, Run(wishes)
        self.env, self.random = simpy.Environment(), Random(seed)  # noqa: S311 # nosec B311 - a model
        self.chain: Chain = chain(p, self._stored, self._shown)
        for line in self.chain.lines[:2]:
            line.back = self._returns_to(line)
        self.knocks: list[Parcel] = []
        self.tightest: Bucket | None = None  # at the door
        for n, at in enumerate(times):
            count = (n + 1) * wishes // len(times) - n * wishes // len(times)
            self._later(at, Parcel(at, at, count), self._knock)

    def simulate(self, until: float = _LONGEST) -> Run:
        """Run until every wish has ended, or so many seconds or 100,000 windows are over."""
        self.env.process(self._growth())
        self.env.run(self.env.process(self._clock(min(until, _STEPS * self.window))))
        return self.run

    @property
    def waiting(self) -> int:
        """Wishes that were promised, and are neither stored nor dead."""
        return self.run.hidden + sum(line.waiting for line in self.chain.lines[:2])

    def _later(self, at: float, parcel: Parcel, then: Callable[[Parcel], None]) -> None:
        event: Any = self.env.timeout(max(0.0, at - self.env.now), parcel)
        event.callbacks.append(lambda event: then(event.value))

    def _clock(self, until: float) -> Generator[simpy.Event]:
        while not self.run.is_over and self.env.now < until:
            yield self.env.timeout(self.window)
            self._step(self.env.now)

    def _growth(self) -> Generator[simpy.Event]:
        """Let each table bear twice its peak, as DynamoDB does after half an hour."""
        while True:
            yield self.env.timeout(self.p.growth_every)
            for table in self.chain.tables:
                table.rate = min(self.p.table_writes, max(table.rate, 2 * table.peak))

    def _step(self, end: float) -> None:
        for bucket in self.chain.buckets:
            bucket.fill(self.window)
        self._share_processors(0)
        self._door(end)
        for n, line in enumerate(self.chain.lines, start=1):
            self._share_processors(n)
            line.step(end, self.window)
            self.run.oldest[line.name] = max(self.run.oldest.get(line.name, 0), line.age(end))
            if line.back:
                self._scale(line, end)
        if self.tightest:
            self.tightest.hold(self.run.pressed - self.run.promised, end, self.window)
        run, waiting = self.run, [line.ready(end) for line in self.chain.lines]
        run.series.append((end, run.pressed, run.promised, run.stored, run.shown, *waiting))

    def _share_processors(self, stage: int) -> None:
        """Where all share the processors, leave those behind this stage their part: as many as are at work at once."""
        if self.p.cores:
            lines = [line.uses[0].bucket.rate * bool(line.waiting) for line in self.chain.lines]
            at_work = [self.chain.frontends.rate * bool(self.knocks), *lines][stage:]
            if sum(at_work):
                self.chain.processors.kept = self.chain.processors.left * sum(at_work[1:]) / sum(at_work)

    def _scale(self, line: Line, end: float) -> None:
        """Give a queue more pollers while something waits, up to what the mapping allows."""
        pollers = line.uses[0].bucket
        if line.ready(end):
            pollers.rate = min(self.p.consumers, pollers.rate + self.p.pollers_a_minute / 60 * self.window)
            pollers.burst = pollers.rate * (line.base + line.each * line.batch)
        line.refused = max(0.0, 1 - self.p.fair_share / pollers.rate)  # Lambda throttles the pollers

    def _returns_to(self, line: Line) -> Callable[[Parcel], None]:
        """Return what takes a throttled batch: it is hidden for a while, and dead after its last receive."""

        def visible(parcel: Parcel) -> None:
            self.run.hidden -= parcel.wishes
            line.put(parcel._replace(at=self.env.now))

        def back(parcel: Parcel) -> None:
            if parcel.tries >= self.p.receives:
                self.run.dead += parcel.wishes
                return
            self.run.hidden += parcel.wishes
            self._later(parcel.at + self.p.visibility, parcel._replace(tries=parcel.tries + 1), visible)

        return back

    def _knock(self, parcel: Parcel) -> None:
        self.run.pressed += parcel.wishes * (parcel.tries == 1)
        self.knocks.append(parcel)

    def _door(self, end: float) -> None:
        """Let in what the buckets allow: those in front of a line, or of a crowd the same share of each cohort."""
        knocks, self.knocks = self.knocks, []
        offered = sum(parcel.wishes for parcel in knocks)
        if not offered:
            return
        new = self._new_environments(offered)
        room, tightest = most(self.chain.door, 1)
        entering = min(offered, int(room))
        if entering < offered:
            self.tightest = tightest
        for use in self.chain.door:
            use.bucket.take(use.per_wish * entering, self.window)
        inside, outside, before = [], [], 0
        for parcel in knocks:
            after = before + parcel.wishes
            count = after * entering // offered - before * entering // offered
            if self.p.cores:
                count = min(parcel.wishes, max(0, entering - before))
            cold, new, before = self.p.cold_start * (new > 0), new - count, after
            start = max(parcel.at, end - self.window) if self.p.cores else parcel.at
            inside.append(Parcel(start + frontend_seconds(self.p) + cold, parcel.born, count))
            outside.append(parcel._replace(wishes=parcel.wishes - count))
        self._promise([parcel for parcel in inside if parcel.wishes], end)
        self._refuse([parcel for parcel in outside if parcel.wishes])

    def _new_environments(self, offered: int) -> float:
        """Start environments of the frontend for what comes, as fast as Lambda does. Return how many."""
        frontends, scaling = self.chain.frontends, self.chain.scaling
        let_in = min(offered, most([use for use in self.chain.door if use.bucket is not frontends], 1)[0])
        taken = self.chain.taken(self.p)
        wanted = min(let_in * frontend_seconds(self.p) / self.window, self.p.concurrency - taken)
        new = min(wanted - frontends.rate, scaling.left)
        if new <= 0:
            return 0
        scaling.take(new, self.window)
        frontends.rate += new
        frontends.burst = frontends.rate * frontend_seconds(self.p)
        frontends.left += new * self.window
        return new

    def _refuse(self, outside: Sequence[Parcel]) -> None:
        """Send away those who were refused. They come again after the page's pause (lastwish/polling.py)."""
        if self.p.cores:
            self.knocks += outside
            return
        for parcel in outside:
            self.run.tries += parcel.wishes
            self.run.refused_first += parcel.wishes * (parcel.tries == 1)
        for parcel in merged(outside):
            longest = min(self.p.longest_pause, self.p.first_pause * 2 ** min(parcel.tries - 1, 30))
            again = parcel.at + self.p.retry_after + self.random.uniform(0, longest)
            self._later(again, parcel._replace(at=again, tries=parcel.tries + 1), self._knock)

    def _promise(self, inside: Sequence[Parcel], end: float) -> None:
        for parcel in merged(inside):
            self.chain.lines[0].put(parcel)
            self.run.tries += parcel.wishes
            self.run.promised += parcel.wishes
            self.run.answered.append((parcel.at - parcel.born, parcel.wishes))
            self.run.last_promised = end

    def _stored(self, parcel: Parcel) -> None:
        self.run.stored += parcel.wishes
        self.run.seat.append((parcel.at - parcel.born, parcel.wishes))
        self.run.last_stored = max(self.run.last_stored, parcel.at)

    def _shown(self, parcel: Parcel) -> None:
        self.run.shown += parcel.wishes
        self.run.wall.append((parcel.at - parcel.born, parcel.wishes))
        self.run.last_shown = max(self.run.last_shown, parcel.at)


def percentile(times: Times, share: float) -> float | None:
    """Return the seconds within which this share of the wishes came; None without a wish."""
    left = share * sum(count for _, count in times)
    for seconds, count in sorted(times):
        left -= count
        if left <= 0:
            return seconds
    return None
