"""One drill: check the state, load, inject, wait for symptom and alarm, undo, recover, retry, audit.

Whatever ends it, an error or a signal, the fault is undone; after `kill -9` it ends by itself (keeping.py).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace

from lastwish import client
from lastwish.aws.clients import plain_errors
from lastwish.drills import keeping, stranger
from lastwish.drills.crowd import Crowd
from lastwish.drills.drill import Drill
from lastwish.drills.result import Result, Seen, judge
from lastwish.drills.sight import Sight
from lastwish.errors import CommandError, DrillRefused
from lastwish.local import faults, interrupts, reset
from lastwish.local.engine import process as engine
from lastwish.maintenance.audit import audit
from lastwish.maintenance.dlq import DEAD
from lastwish.maintenance.stores import stores
from lastwish.polling import wait_until
from lastwish.site import LocalSite

PACE = 12.0  # of the alarms in the short form: an hour takes five minutes, a minute ten seconds
SHORT, LONG = 90.0, 1200.0  # seconds until symptom and alarm must be there
RECOVERY = 90.0  # seconds until all waiting wishes must be stored and a new one boards
_LOOK = 0.5  # seconds between two looks
_BOARDING = 10.0  # seconds that one new wish gets to end, after the fault
_SETTLE = 20.0  # seconds for a chain that is at rest to be consistent
_CALM = 3.0  # seconds at most until somebody is answered; then the fault begins


@dataclass(frozen=True)
class Options:
    """``short`` hurries the alarms. The fault lasts until symptom and alarm are there and ``held`` is false.

    ``held`` is asked twice a second, with the seconds since the fault began. ``patience`` is in seconds; None: what the
    form allows. ``tell`` gets each step in words. ``fault_name`` is what marks in traces and logs call the fault; None:
    as the drill. ``seed`` is that of the faults and the crowd.
    """

    short: bool = False
    patience: float | None = None
    held: Callable[[float], bool] = lambda _: False
    tell: Callable[[str], None] = lambda _: None
    fault_name: str | None = None
    seed: int = 1

    @property
    def longest(self) -> float:
        """Seconds until symptom and alarm must be there."""
        return self.patience or (SHORT if self.short else LONG)


def check(site: LocalSite) -> None:
    """Refuse a stack that is not at rest: what follows would prove nothing. Raises DrillRefused, AwsError.

    Clears what was measured before, so that no earlier fault rings, and what a drill left that was killed.
    """
    if active := faults.active(site.state.aws):
        raise DrillRefused(
            f"a fault is active: {', '.join(each.fault.label for each in active)}. Wait, or `lastwish faults --end`"
        )
    reset.measurements(site.state)
    there = stores(site)
    with plain_errors():
        if there.waiting("InboxDlq"):
            stranger.remove_left(site)
        letters = there.waiting(*DEAD)
    if letters:
        raise DrillRefused(f"{letters} dead letters wait: `lastwish dlq list` shows them; work through them first")
    report = audit(there, site.promises(), _SETTLE)
    if not report.ok:
        raise DrillRefused(f"the audit finds {len(report.differences)} differences before the drill: `lastwish audit`")


def run(drill: Drill, site: LocalSite, options: Options) -> Result:
    """Run one drill. The caller has made signals raise KeyboardInterrupt.

    Raises DrillRefused before anything was done, AwsError, EngineFailed; then, too, no fault is left.
    """
    options.tell("checking that all is well")
    check(site)
    seen = Seen()
    with ExitStack() as undo:
        if options.short:
            undo.enter_context(keeping.kept_pace(site.state.aws, PACE))
        crowd = undo.enter_context(Crowd(site.url, drill.load, options.seed))
        sight = Sight(site, crowd)
        wait_until(lambda: crowd.answers.total() > 0, _CALM)
        sight.begin()
        with _broken(drill, site, options):
            options.tell("something is wrong from now on")
            _watch(drill, sight, seen, options)
        options.tell("the fault is undone; waiting until all is well again")
        undone = time.monotonic()
        crowd.leave()
        if _recover(site, sight):
            seen.recovered_s = round(time.monotonic() - undone, 1)
        seen.audit = audit(sight.stores, site.promises(), _SETTLE)
        seen.rung = sight.rung()
    return judge(drill, seen)


@contextmanager
def _broken(drill: Drill, site: LocalSite, options: Options) -> Iterator[None]:
    with ExitStack() as undo:
        if drill.act:
            mend = drill.act(site)
            undo.callback(_uninterrupted, mend)
        name = options.fault_name or drill.name
        named = [replace(each, name=name, seed=options.seed) for each in drill.faults]
        undo.enter_context(keeping.kept_faults(site.state.aws, named))
        yield


def _watch(drill: Drill, sight: Sight, seen: Seen, options: Options) -> None:
    """Look until symptom and alarm are there, and as long as the fault is to be held."""
    unseen, deadline = list(drill.symptoms), time.monotonic() + options.longest

    def is_complete() -> bool:
        for symptom in list(unseen):
            with suppress(CommandError):  # the stack is broken on purpose: it may not answer
                if symptom.seen(sight):
                    unseen.remove(symptom)
                    options.tell(f"seen after {sight.seconds:.0f} s: {symptom.words}")
        if not unseen and seen.symptom_s is None:
            seen.symptom_s = round(sight.seconds, 1)
        with suppress(CommandError):
            rung = sight.rung()
            for alarm in rung.keys() - seen.rung.keys():
                options.tell(f"rings after {rung[alarm]:.0f} s: {alarm}")
            seen.rung = rung
        return not unseen and (drill.alarm is None or drill.alarm in seen.rung)

    while not (is_complete() or time.monotonic() > deadline) or options.held(sight.seconds):
        time.sleep(_LOOK)
    seen.unseen = tuple(symptom.words for symptom in unseen)


def _recover(site: LocalSite, sight: Sight) -> bool:
    """Retry until nothing waits and a new wish ends. Returns whether that happened in time."""
    deadline = time.monotonic() + RECOVERY
    while time.monotonic() < deadline:
        with suppress(CommandError):
            engine.retry(site.state.aws)
            if not sight.waiting("Inbox", "Pods"):
                with site.http() as http:
                    client.submit(http, "All is well again.", "mars", None, timeout=_BOARDING)
                return True
        time.sleep(_LOOK)
    return False


def _uninterrupted(mend: Callable[[], None]) -> None:
    with interrupts.ignored():
        mend()
