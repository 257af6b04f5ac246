"""One history: a show with faults, a rest, and what must be true then; the operator's commands, and once more."""

import sys
import types
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from infra.read_model import ReadModel
from tests.simulation import seams, truth
from tests.simulation.clients import Client
from tests.simulation.deliveries import Poller, Stream
from tests.simulation.faults import Faults
from tests.simulation.people import TROUBLE, People
from tests.simulation.scheduler import Scheduler
from tests.simulation.world import START, World
from web import wall

_LONGEST = 12 * 3600.0  # seconds in which the chain must come to rest
# What a killed rebuild and a message that was delivered again leave behind, until the rebuild and redrive below.
_REPAIRED_LATER = ("generation", "old-text", "also-dead-lettered")
_OURS = ("domain", "infra", "web", "frontend", "parser", "worker", "projector", "console", "lastwish")


@dataclass
class Result:
    """What came of a history. ``violations`` is empty where all is well; ``lines`` is the trace."""

    seed: int
    calls: int = 0
    wishes: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    virtual_seconds: float = 0.0


def run(seed: int, without: frozenset[str] = frozenset(), *, tracing: bool = False) -> Result:
    """Run the history of a seed. ``without`` names faults to leave out."""
    random = Random(seed)
    scheduler = Scheduler(Random(seed + 1), START)
    with seams.installed(scheduler, seed, _modules()) as seam:
        faults = Faults.drawn(random, without)
        capacity = {"mars": random.choice((2, 5, 12, 40)), "jupiter": random.choice((0, 3, 10))}
        world = World(scheduler, random, faults, seam, capacity, random.choice((0, 0, 5)), tracing)
        history = _History(world)
        try:
            history.play()
        finally:
            scheduler.close(world.processes)
    found = list(dict.fromkeys(history.violations))
    wishes, lines = len(set(world.promised)), world.lines
    return Result(seed, world.calls, wishes, faults.happened, found, lines, scheduler.now - START)


class _History:
    def __init__(self, world: World) -> None:
        self.world, self.violations = world, list[str]()
        self.page = _Page(world)
        Poller(world, "Inbox", "parser")
        Poller(world, "Pods", "worker")
        self.stream = Stream(world)
        self.people = People(world, world.random.choice((5, 15, 40)))
        world.scheduler.after(TROUBLE, self._calm)

    def play(self) -> None:
        """Play it to its end, or to the first violations."""
        steps: tuple[tuple[str, Callable[[], None]], ...] = (
            ("the show", lambda: None),
            ("an audit", lambda: self._audit(_REPAIRED_LATER)),
            ("a reclaim", self._reclaim),
            ("a rebuild", self._rebuild),
            ("a redrive", self.people.redrive),
            ("an audit at the end", self._audit),
            ("a loss", self._lose),
        )
        for name, step in steps:
            self.world.trace("history", name, "", "")
            step()
            if not self._rests():
                self.violations.append(f"no rest {_LONGEST:g} s after {name}")
            self._read_wall()
            self.violations += truth.violations(self.world) if name != "a loss" else self.world.broken
            if self.violations:
                self.violations = [f"after {name}: {each}" for each in self.violations]
                return

    def _calm(self) -> None:
        self.world.faults.calm = True
        self.world.trace("history", "calm", "", "")

    def _rests(self) -> bool:
        """Let the chain come to rest."""
        world, queues = self.world, [self.world.sqs.queues[self.world.urls[name]] for name in ("Inbox", "Pods")]
        give_up = world.scheduler.now + _LONGEST

        def is_quiet() -> bool:
            idle = not self.people.busy and not world.running and self.stream.is_empty
            return idle and world.faults.calm and not any(queue.letters for queue in queues)

        world.scheduler.run(lambda: is_quiet() or world.scheduler.now > give_up)
        return is_quiet()

    def _read_wall(self) -> None:
        """Read the wall's feed from the beginning, two minutes later, and let the page that was always open read on."""
        world, later = self.world, self.world.scheduler.now + 120
        world.scheduler.run(lambda: world.scheduler.now >= later)
        fresh = _Page(world)
        for page in (fresh, self.page):
            page.read_to_the_end()
        world.walls = {"a new page": fresh.shown, "the page that was open": self.page.shown}

    def _audit(self, expected: Collection[str] = ()) -> None:
        def judge(report: Any) -> None:
            # An erasure that was killed, or said "not yet", has text left: the audit must say so.
            said = self.world.erased - self.world.erased_too_early
            half_erased = {each for each in report.differences if each.kind == "erased-text"}
            half_erased = {each for each in half_erased if each.wish_id not in said}
            unreadable = {each for each in report.differences if each.wish_id in self.world.unreadable}
            if {each.wish_id for each in unreadable} != self.world.unreadable:
                self.violations.append(f"the audit does not name all of {self.world.unreadable}, which cannot be read")
            known = half_erased | unreadable
            wrong = [each for each in report.differences if each.kind not in expected and each not in known]
            if wrong:
                named = "; ".join(f"{each.kind} {each.wish_id} {each.detail}" for each in wrong)
                self.violations.append(f"all is well, and the audit says: {named}")

        self.people.audit(judge)

    def _lose(self) -> None:
        """Lose one wish, at times while a message that has nothing to do with it waits. The audit must name it."""
        world = self.world
        stored, dead = sorted(truth.stored(world).keys() & set(world.promised)), truth.dead(world)
        if not (left := [wish_id for wish_id in stored if wish_id not in dead]):
            return
        wish_id = world.random.choice(left)
        table = world.dynamodb.tables["EventStore"]
        for version in list(table.items[f"wish#{wish_id}"]):
            table.put((f"wish#{wish_id}", version), None, world.scheduler.now)
        if world.faults.is_on("distraction"):
            world.sqs.SendMessage({"QueueUrl": world.urls["Inbox"], "MessageBody": "{}", "DelaySeconds": 60})

        def judge(report: Any) -> None:
            named = {each.wish_id for each in report.differences if each.kind in ("missing", "in-flight")}
            if report.ok or named != {wish_id}:
                self.violations.append(f"{wish_id} is lost, and the audit says ok={report.ok}, named {named}")

        self.people.audit(judge, lost=wish_id)

    def _reclaim(self) -> None:
        self.people.reclaim(lambda _: self._check_seats())

    def _check_seats(self) -> None:
        """After a reclaim in calm no seat is leaked, and nobody waits while one is left."""
        if not self.world.unreadable:  # each may hold a seat
            self.violations += truth.unused_seats(self.world)

    def _rebuild(self) -> None:
        def judge(done: Any) -> None:
            is_right = not self.world.unreadable
            if (done.ok, done.flipped) != (is_right, is_right):
                self.violations.append(f"a rebuild in calm differs: {done}")

        self.people.rebuild(judge)


class _Page:
    """The wall's page: polls the feed, drops what it has, withdraws what it is told to."""

    def __init__(self, world: World) -> None:
        self._world, self._cursor = world, ""
        self.shown: set[str] = set()
        self._read_model = ReadModel(Client(world, "dynamodb", 3, 1.0), "ReadModel")
        self._process = world.process("page")
        world.scheduler.start(self._process, self._poll)

    def _poll(self) -> None:
        while not self._world.faults.calm:
            self._world.scheduler.sleep(self._world.random.uniform(1, 30))
            self._read()

    def _read(self) -> bool:
        try:
            found = wall.feed(self._read_model, self._cursor, "20")
        except Exception:  # noqa: BLE001  the page tries again
            return True
        self.shown |= {wish["wish_id"] for wish in found["wishes"]}
        self.shown -= set(found["withdrawn"])
        before, self._cursor = self._cursor, found["cursor"]
        return bool(found["more"]) or before != self._cursor

    def read_to_the_end(self) -> None:
        """Read until nothing new comes."""
        process = self._world.process("page at the end")

        def work() -> None:
            for _ in range(3):  # a stale read may look like the end
                while self._read():
                    pass
                self._world.scheduler.sleep(3)

        task = self._world.scheduler.start(process, work)
        self._world.scheduler.run(lambda: task.is_over)


def _modules() -> Iterator[types.ModuleType]:
    return (module for name, module in list(sys.modules.items()) if name.partition(".")[0] in _OURS)
