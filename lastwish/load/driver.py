"""One load from the plan to what the report needs: sends, watches, follows, audits. Ctrl-C shortens what is under way.

Everything but the sending is gentle: a look at the queues every two seconds, and at most ten a second at the wishes
until the queues are empty.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from os import cpu_count, getpid
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from rich.console import Console

from lastwish.client import http_client
from lastwish.errors import CommandError, Interrupted, LoadRefused
from lastwish.load import manners
from lastwish.load.depth import Depths, Look, cpu_seconds, in_engine, on_aws
from lastwish.load.follow import Follower, chosen
from lastwish.load.manners import Target
from lastwish.load.plan import Options, Plan
from lastwish.load.run import Followed, Result, Run
from lastwish.load.sender_process import STOP_TIMEOUT, Manner, Sender, sending
from lastwish.load.watch import Watch
from lastwish.local import interrupts
from lastwish.maintenance.audit import audit
from lastwish.maintenance.stores import Stores, stores
from lastwish.site import LocalSite, site

_REFRESH = 0.25
_SHORT = 10.0  # seconds to settle after Ctrl-C
_LOGS_EARLIER = timedelta(minutes=1)  # than the load they are read: clocks differ
_LEAST = 5.0  # seconds that the audit may wait, if --settle allows, when following took all of it
_CAUGHT_UP = 5.0  # seconds that the manifest may be behind an audit that found all well


@dataclass(frozen=True)
class Asked:
    """What to do. ``settle``: seconds after the last answer until every wish must have ended."""

    target: Target
    options: Options
    manner: Manner
    follow: bool = True
    settle: float = 120.0
    command: str = "lastwish load"


def drive(asked: Asked, console: Console) -> Run:
    """Do it. Raises LoadRefused, SenderFailed, AwsError, Interrupted: only before anything was sent.

    The caller ignores signals: they count where somebody waits, and nowhere else.
    """
    try:
        with interrupts.interruptible():
            plan, backstage = Plan(asked.options), _Backstage(asked.target)
        return _drive(asked, console, plan, backstage)
    except KeyboardInterrupt:  # never later
        raise Interrupted("interrupted before anything was sent") from None


def _drive(asked: Asked, console: Console, plan: Plan, backstage: "_Backstage") -> Run:
    wanted = chosen(plan.requests, asked.options.seed) if asked.follow else {}
    with TemporaryDirectory(prefix="lastwish-load-") as place, http_client(asked.target.url) as http:
        before = manners.manifest(http)
        plan.write(Path(place) / "plan.jsonl")
        started = datetime.now(UTC)
        with (
            Watch(console, [each.at for each in plan.requests], _title(asked)) as watch,
            sending(Path(place) / "plan.jsonl", asked.target.url, Path(place), asked.manner) as sender,
        ):
            course = _Course(asked, sender, watch, Follower(http, wanted), backstage)
            course.run()
            promised = {each.wish_id for each in course.results if each.status == 202 and each.wish_id}
            found = course.audited(promised)
            course.depths.stop()
            course.tell("reporting")
            new = len(promised) - sum(each.is_older for each in course.followed.values())
            after = _ended(http, before, new)
    return Run(
        options=asked.options,
        digest=plan.digest(),
        command=asked.command,
        target=asked.target.name,
        started=started,
        results=course.results,
        followed=course.followed,
        totals=after,
        samples=tuple(course.depths.samples),
        cpu=course.cpu,
        cores=cpu_count(),
        audit=found,
        interrupted=course.interrupted,
        failures=course.failures,
        local=asked.target.stack is None,
    )


def _title(asked: Asked) -> str:
    options = asked.options
    what = f"{options.shape}: {options.wishes:,} wishes in {options.over:g} s, seed {options.seed}"
    return f"{what}, to {asked.target.stack or 'the local stack'}"


class _Backstage:
    """What only an operator sees of the target: its stores and queues, what it promised, and its processes here."""

    def __init__(self, target: Target) -> None:
        there = site(target.stack)
        self.stores: Stores = stores(there)
        self.promises = there.promises(datetime.now(UTC) - _LOGS_EARLIER)
        self.pids: dict[str, int] = {}
        self.look: Look
        if isinstance(there, LocalSite):
            self.look = in_engine(self.stores, there.state.engine)
            self.pids = {"cli": getpid(), **there.state.pids}
        else:
            self.look = on_aws(self.stores, there.client("cloudwatch"))


class _Course:
    """The phases of a load, each of which Ctrl-C ends."""

    def __init__(self, asked: Asked, sender: Sender, watch: Watch, follower: Follower, backstage: _Backstage) -> None:
        self.interrupted = False
        self.failures: list[str] = []
        self.results: list[Result] = []
        self.followed: dict[int, Followed] = {}
        self.cpu: dict[str, float] = {}
        self._used: dict[str, float] = {}
        self._deadline = 0.0
        self._asked, self._sender, self._watch, self._follower = asked, sender, watch, follower
        self._backstage = backstage
        self.depths = Depths(backstage.look, self._now)

    def run(self) -> None:
        """Send, then follow. Raises KeyboardInterrupt before anything was sent."""
        killed = None if self._until_interrupted(self._send) else self._stop()
        if not self._sender.zero:
            raise KeyboardInterrupt
        self._watch.halt(self._now())
        self._note_failure(killed or self._sender.failure())
        # Or somebody pressed Stop in Locust's pages.
        self.interrupted |= not self.failures and len(self.results) < self._asked.options.wishes
        self._deadline = time.monotonic() + self._patience
        now = cpu_seconds(self._backstage.pids)
        parts = {name: round(now[name] - used, 3) for name, used in self._used.items() if name in now}
        own = {} if self._sender.cpu is None else {"sender": self._sender.cpu}
        self.cpu = own | parts if parts else {}
        self.tell("settling")
        self._until_interrupted(self._settle)
        found = self._follower.finish().items()
        # Who was not asked for is not unfinished.
        self.followed = {n: each for n, each in found if not (self.interrupted and each.end == "unfinished")}

    def _stop(self) -> str | None:
        """Let what is in flight come back. Why that had to end by force, if it had to."""
        self.tell("stopping")
        self._sender.stop()
        waited = self._until_interrupted(lambda: self._attend(STOP_TIMEOUT))  # a second Ctrl-C: now
        if not self._sender.sends():
            return None
        self._sender.kill()
        self._take_news()
        why = f"it did not stop in {STOP_TIMEOUT:g} s" if waited else "a second Ctrl-C"
        return f"the sender was killed: {why}"

    def audited(self, promised: set[str]) -> dict[str, object] | None:
        """What the audit finds, also for wishes that only we know to be promised. None: interrupted, or impossible."""
        self.tell("auditing")
        found: list[dict[str, object]] = []

        def look() -> None:
            left = max(min(_LEAST, self._patience), self._deadline - time.monotonic())
            everything = lambda: promised.union(self._backstage.promises())  # noqa: E731
            try:
                found.append(audit(self._backstage.stores, everything, left).facts())
            except CommandError as error:  # what was sent and measured is reported nevertheless
                self._note_failure(f"nobody could audit: {error}")

        self._until_interrupted(look)
        return found[0] if found else None

    def tell(self, phase: str) -> None:
        """Show what is done now."""
        self._watch.phase = phase
        self._show()

    def _note_failure(self, words: str | None) -> None:
        if words:
            self.failures.append(words)
            self._watch.note(words)

    @property
    def _patience(self) -> float:
        # On AWS the logs that tell what was promised are late, and half of them is a false alarm.
        is_short = self.interrupted and not self._asked.target.stack
        return min(_SHORT, self._asked.settle) if is_short else self._asked.settle

    def _send(self) -> None:
        self._sender.wait_until_sending(self._show)
        self._used = cpu_seconds(self._backstage.pids)
        self.depths.start()
        self._follower.start(self._sender.zero)
        self.tell("sending")
        if self._sender.ui:
            self._watch.note(f"Locust's pages, until this command ends: {self._sender.ui}")
        self._attend()

    def _attend(self, limit: float = float("inf")) -> None:
        """Until the sender has ended, or so many seconds."""
        runs, deadline = True, time.monotonic() + limit
        while runs and time.monotonic() < deadline:
            runs = self._sender.sends()  # asked first: what it wrote before its end is read after it
            self._take_news()
            self._show()
            time.sleep(_REFRESH)

    def _take_news(self) -> None:
        news = self._sender.news()
        self.results += news
        self._watch.add(news)
        for each in news:
            if each.wish_id:
                self._follower.accepted(each.n, each.wish_id)

    def _settle(self) -> None:
        while self._follower.open and time.monotonic() < self._deadline:
            if self.depths.samples and not any(self.depths.samples[-1].depth.values()):
                self._follower.hurry()
            self._show()
            time.sleep(_REFRESH)

    def _until_interrupted(self, work: Callable[[], None]) -> bool:
        try:
            with interrupts.interruptible():
                work()
        except KeyboardInterrupt:
            self.interrupted = True
            return False
        return True

    def _show(self) -> None:
        follower = self._follower
        self._watch.samples, self._watch.followed = self.depths.samples, (len(follower.found), follower.asked_for)
        self._watch.show(self._now())

    def _now(self) -> float:
        return time.time() - self._sender.zero if self._sender.zero else 0.0


def _ended(http: httpx.Client, before: dict[str, int], expected: int) -> dict[str, int] | None:
    """How many more wishes ended how than `before`; None where the manifest cannot be read any more."""
    deadline = time.monotonic() + _CAUGHT_UP
    while True:
        try:
            now = manners.manifest(http)
        except LoadRefused:
            return None
        more = {end: max(0, now[end] - before[end]) for end in now}
        if sum(more.values()) >= expected or time.monotonic() > deadline:
            return more
        time.sleep(1)
