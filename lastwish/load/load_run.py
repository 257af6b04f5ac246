"""One load, from the plan to its results: send, sample, follow, audit. Ctrl-C shortens the phase that runs.

Everything but the sending is gentle: the queues are read every two seconds, and at most ten wishes a second are asked
for until the queues are empty.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from os import cpu_count, getpid
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from rich.console import Console

from lastwish.client import http_client
from lastwish.errors import CommandError, Interrupted, LoadRefused
from lastwish.load import guard
from lastwish.load.cpu_usage import cpu_seconds
from lastwish.load.display import Display
from lastwish.load.follower import Follower, sample_to_follow
from lastwish.load.guard import Target
from lastwish.load.plan import Plan, PlanOptions
from lastwish.load.queue_depth import QueueSampler, ReadQueues, aws_reader, engine_reader
from lastwish.load.results import FinishedLoad, Outcome, WishResult
from lastwish.load.sender_process import STOP_TIMEOUT, SenderOptions, SenderProcess, start_sender
from lastwish.local import interrupts
from lastwish.maintenance.audit import audit
from lastwish.maintenance.stores import Stores, stores
from lastwish.polling import wait_until
from lastwish.promises import Promises
from lastwish.site import LocalSite, site

_REFRESH = 0.25
_SHORT_SETTLE = 10.0  # seconds to settle after Ctrl-C
_LOGS_EARLIER = timedelta(minutes=1)  # logs are read from before the load began: clocks differ
_LEAST_AUDIT = 5.0  # seconds that the audit may wait, if --settle allows, when following used all of it
_MANIFEST_DELAY = 5.0  # seconds that the manifest may be behind an audit that found no difference


@dataclass(frozen=True)
class LoadRequest:
    """One load as it was asked for. ``settle``: seconds after the last answer until every wish must have ended."""

    target: Target
    options: PlanOptions
    sender: SenderOptions
    follow: bool = True
    settle: float = 120.0
    command: str = "lastwish load"

    @property
    def title(self) -> str:
        """Description for the display."""
        options = self.options
        wishes = f"{options.shape}: {options.wishes:,} wishes in {options.over:g} s, seed {options.seed}"
        return f"{wishes}, to {self.target.stack or 'the local stack'}"


def run_load(request: LoadRequest, console: Console) -> FinishedLoad:
    """Run the load. Raises LoadRefused, SenderFailed, AwsError, Interrupted: only before anything was sent.

    The caller ignores signals: here they count during waits, and nowhere else.
    """
    try:
        with interrupts.interruptible():
            plan, access = Plan(request.options), TargetAccess(request.target)
        return _run_plan(request, console, plan, access)
    except KeyboardInterrupt:  # never later
        raise Interrupted("interrupted before anything was sent") from None


def _run_plan(request: LoadRequest, console: Console, plan: Plan, access: "TargetAccess") -> FinishedLoad:
    sample = sample_to_follow(plan.requests, request.options.seed) if request.follow else {}
    with TemporaryDirectory(prefix="lastwish-load-") as folder, http_client(request.target.url) as http:
        before = guard.ended_counts(http)
        path = Path(folder) / "plan.jsonl"
        plan.write(path)
        started = datetime.now(UTC)
        with (
            Display(console, request.options.times(), request.title) as display,
            start_sender(path, request.target.url, request.sender) as sender,
        ):
            run = LoadRun(request, sender, display, Follower(http, sample), access)
            run.send_and_follow()
            promised = {result.wish_id for result in run.results if result.status == 202 and result.wish_id}
            audited = run.audit(promised)
            run.sampler.stop()
            run.show_phase("reporting")
            new = len(promised) - sum(outcome.is_older for outcome in run.outcomes.values())
            totals = _newly_ended(http, before, new)
    return FinishedLoad(
        options=request.options,
        digest=plan.digest(),
        command=request.command,
        target=request.target.name,
        started=started,
        results=run.results,
        outcomes=run.outcomes,
        totals=totals,
        samples=tuple(run.sampler.samples),
        cpu=run.cpu,
        cores=cpu_count(),
        audit=audited,
        interrupted=run.interrupted,
        failures=run.failures,
        local=request.target.stack is None,
    )


class TargetAccess:
    """An operator's access to the target: its stores and queues, what it promised, and its processes here."""

    def __init__(self, target: Target) -> None:
        there = site(target.stack)
        self.stores: Stores = stores(there)
        self.promises = there.promises(datetime.now(UTC) - _LOGS_EARLIER)
        self.pids: dict[str, int] = {}
        self.read_queues: ReadQueues
        if isinstance(there, LocalSite):
            self.read_queues = engine_reader(self.stores, there.state.engine)
            self.pids = {"cli": getpid(), **there.state.pids}
        else:
            self.read_queues = aws_reader(self.stores, there.client("cloudwatch"))


class LoadRun:
    """Phases of a load, each of which Ctrl-C ends."""

    def __init__(
        self, request: LoadRequest, sender: SenderProcess, display: Display, follower: Follower, access: TargetAccess
    ) -> None:
        self.interrupted = False
        self.failures: list[str] = []
        self.results: list[WishResult] = []
        self.outcomes: dict[int, Outcome] = {}
        self.cpu: dict[str, float] = {}
        self._cpu_before: dict[str, float] = {}
        self._deadline = 0.0
        self._request, self._sender, self._display, self._follower = request, sender, display, follower
        self._access = access
        self.sampler = QueueSampler(access.read_queues, self._now)

    def send_and_follow(self) -> None:
        """Send, then follow. Raises KeyboardInterrupt before anything was sent."""
        killed = None if self._until_interrupted(self._send) else self._stop()
        if not self._sender.zero:
            raise KeyboardInterrupt
        self._display.stop_clock(self._now())
        self._note_failure(killed or self._sender.failure())
        # Or somebody pressed Stop in Locust's pages.
        self.interrupted |= not self.failures and len(self.results) < self._request.options.wishes
        self._deadline = time.monotonic() + self._settle_time
        self.cpu = self._cpu_used()
        self.show_phase("settling")
        self._until_interrupted(self._settle)
        outcomes = self._follower.finish().items()
        # After Ctrl-C some were not asked for: they are not unfinished.
        self.outcomes = {n: each for n, each in outcomes if not (self.interrupted and each.end == "unfinished")}

    def audit(self, promised: set[str]) -> dict[str, object] | None:
        """Return the audit's facts, which include the wishes that only we know of. None: interrupted, or impossible."""
        self.show_phase("auditing")
        facts: dict[str, object] | None = None

        def known() -> Promises:
            recorded = self._access.promises()
            return replace(recorded, wish_ids=[*recorded.wish_ids, *promised])

        def compare() -> None:
            nonlocal facts
            seconds = max(min(_LEAST_AUDIT, self._settle_time), self._deadline - time.monotonic())
            try:
                facts = audit(self._access.stores, known, seconds).facts()
            except CommandError as error:  # the results are reported nevertheless
                self._note_failure(f"the audit failed: {error}")

        self._until_interrupted(compare)
        return facts

    def show_phase(self, phase: str) -> None:
        """Show which phase runs now."""
        self._display.phase = phase
        self._show()

    def _note_failure(self, failure: str | None) -> None:
        if failure:
            self.failures.append(failure)
            self._display.note(failure)

    @property
    def _settle_time(self) -> float:
        # On AWS the logs that have the promises are late, and half of them would be a false alarm.
        is_short = self.interrupted and not self._request.target.stack
        return min(_SHORT_SETTLE, self._request.settle) if is_short else self._request.settle

    def _cpu_used(self) -> dict[str, float]:
        now = cpu_seconds(self._access.pids)
        parts = {part: round(now[part] - before, 3) for part, before in self._cpu_before.items() if part in now}
        sender = {} if self._sender.cpu is None else {"sender": self._sender.cpu}
        return sender | parts if parts else {}

    def _send(self) -> None:
        self._sender.wait_until_sending(self._show)
        self._cpu_before = cpu_seconds(self._access.pids)
        self.sampler.start()
        self._follower.start(self._sender.zero)
        self.show_phase("sending")
        if self._sender.ui:
            self._display.note(f"Locust's pages, until this command ends: {self._sender.ui}")
        self._wait_for_sender()

    def _stop(self) -> str | None:
        """Let requests in flight end. Return why the sender had to be killed, if it had to."""
        self.show_phase("stopping")
        self._sender.stop()
        has_waited = self._until_interrupted(lambda: self._wait_for_sender(STOP_TIMEOUT))
        if not self._sender.is_sending():
            return None
        self._sender.kill()
        self._read_results()
        reason = f"it did not stop in {STOP_TIMEOUT:g} s" if has_waited else "a second Ctrl-C"
        return f"the sender was killed: {reason}"

    def _wait_for_sender(self, seconds: float = float("inf")) -> None:
        def has_ended() -> bool:
            is_sending = self._sender.is_sending()  # before the results are read, so that the last are not missed
            self._read_results()
            self._show()
            return not is_sending

        wait_until(has_ended, seconds, _REFRESH)

    def _read_results(self) -> None:
        results = self._sender.read_results()
        self.results += results
        self._display.add(results)
        for result in results:
            if result.wish_id:
                self._follower.add(result.n, result.wish_id)

    def _settle(self) -> None:
        def has_settled() -> bool:
            if self.sampler.samples and not any(self.sampler.samples[-1].depth.values()):
                self._follower.speed_up()
            self._show()
            return not self._follower.open_count

        wait_until(has_settled, self._deadline - time.monotonic(), _REFRESH)

    def _until_interrupted(self, work: Callable[[], None]) -> bool:
        try:
            with interrupts.interruptible():
                work()
        except KeyboardInterrupt:
            self.interrupted = True
            return False
        return True

    def _show(self) -> None:
        self._display.samples = self.sampler.samples
        self._display.followed = len(self._follower.outcomes), self._follower.followed_count
        self._display.show(self._now())

    def _now(self) -> float:
        return time.time() - self._sender.zero if self._sender.zero else 0.0


def _newly_ended(http: httpx.Client, before: dict[str, int], expected: int) -> dict[str, int] | None:
    """Return how many more wishes ended than `before`; None where the manifest cannot be read any more."""
    more: dict[str, int] = {}

    def has_caught_up() -> bool:
        nonlocal more
        more = {end: max(0, count - before[end]) for end, count in guard.ended_counts(http).items()}
        return sum(more.values()) >= expected

    try:
        wait_until(has_caught_up, _MANIFEST_DELAY, 1)
    except LoadRefused:
        return None
    return more
