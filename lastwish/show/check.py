"""Checks of a show before it begins: the place, as `lastwish preflight` has them, and every name in its cues."""

from dataclasses import dataclass

from lastwish.aws.clients import plain_errors
from lastwish.drills import catalogue
from lastwish.errors import NotReady, UsageError
from lastwish.load import guard
from lastwish.load.sender_process import SenderOptions
from lastwish.local import faults
from lastwish.preflight.check import Checks
from lastwish.preflight.laptop import Laptop
from lastwish.show.sheet import VOTED, Show
from lastwish.site import LocalSite
from mission.cloudwatch import CloudWatch


@dataclass(frozen=True)
class Rehearsal:
    """A show and the stack that runs here. ``phones``: phones must reach it, too."""

    show: Show
    site: LocalSite
    phones: bool = True

    def checks(self) -> Checks:
        """Return the checks, by name."""
        place = Laptop(self.site, measures=False).checks()
        wanted = place if self.phones else {"stack": place["stack"]}
        return {**wanted, "drills": self.drills, "alarms": self.alarms, "faults": self.faults, "loads": self.loads}

    def drills(self) -> str:
        """Check each drill that the cues name, or the hall can vote for: it exists, and is made of faults."""
        named = {cue.drill for cue in self.show.cues if cue.drill} - {VOTED}
        named |= {choice for cue in self.show.cues if cue.vote for choice in cue.vote.choices}
        try:
            other = [name for name in sorted(named) if not catalogue.find(name).faults]
        except UsageError as error:
            raise NotReady(str(error)) from None
        if other:
            raise NotReady(f"{', '.join(other)} is made of no faults: a cue can have its load, not the drill")
        return f"{len(named)} drills"

    def alarms(self) -> str:
        """Check that each alarm exists that the cues name, and that none rings before the show."""
        with plain_errors():
            found = CloudWatch(self.site.client("cloudwatch"), {}).alarms(f"{self.site.name}/")
        there = {alarm["AlarmName"].partition("/")[2]: alarm["StateValue"] for alarm in found}
        named = {sight.alarm for cue in self.show.cues for sight in cue.see if sight.alarm} - {VOTED}
        if unknown := sorted(named - there.keys()):
            raise NotReady(f"the stack has no alarm {', '.join(unknown)}")
        if ringing := sorted(name for name, state in there.items() if state == "ALARM"):
            raise NotReady(f"before the show, {', '.join(ringing)} rings: lastwish reset --measurements")
        return f"{len(there)} alarms, and none rings"

    def faults(self) -> str:
        """Check that nothing is broken already."""
        if left := faults.active(self.site.state.aws):
            names = ", ".join(each.fault.label for each in left)
            longest = max(each.seconds_left for each in left)
            raise NotReady(f"something is broken already: {names}; it ends within {longest:.0f} s")
        return "nothing is broken"

    def loads(self) -> str:
        """Check that what sends wishes is installed, and that no load is too large."""
        loads = [cue.load for cue in self.show.cues if cue.load]
        if loads:
            guard.check_packages()
        for load in loads:
            guard.check_limits(load, SenderOptions().in_flight, raised=False)
        return f"{sum(load.wishes for load in loads):,} wishes in {len(loads)} loads"
