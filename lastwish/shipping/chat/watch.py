"""Which alarms are on and which drill runs in an environment: read from CloudWatch and the local stack's note."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from lastwish.aws.clients import plain_errors
from lastwish.drills.names import NAMES
from lastwish.local import drill_note
from lastwish.shipping.deploying.environment import LOCAL, find
from lastwish.site import LocalSite, Site
from mission.cloudwatch import CloudWatch


@dataclass(frozen=True)
class Signal:
    """An alarm that is on, or a drill that runs. ``over`` says how it ended; empty: it goes on.

    ``key`` is environment, kind and name, with spaces between them.
    """

    key: str
    words: str
    runbook: str
    over: str = ""


def look(environment: str, root: Path) -> list[Signal]:
    """Return what is on in an environment, and the last drill. Raises NotRunning, AwsError and what `find` raises."""
    if environment != LOCAL:
        return list(_alarms(environment, find(environment, root).site()))
    here = LocalSite()
    return [*_alarms(environment, here), *_drill(environment, here)]


def _alarms(environment: str, site: Site) -> Iterator[Signal]:
    prefix = f"{site.name}/"
    with plain_errors():
        known = CloudWatch(site.client("cloudwatch"), {}).alarms(prefix)
    for each in known:
        # One window of a burn rate has no action: the alarm that consists of it rings.
        if each["StateValue"] == "ALARM" and each.get("AlarmActions"):
            words, _, runbook = each.get("AlarmDescription", "").partition("Runbook: ")
            # Those of the laptop are in this repository, which its proxy shows.
            address = runbook if site.on_aws or not runbook else urljoin(site.url, runbook)
            name = each["AlarmName"].removeprefix(prefix)
            yield Signal(f"{environment} alarm {name}", f"{words}{each.get('StateReason', '')}", address)


def _drill(environment: str, site: LocalSite) -> Iterator[Signal]:
    if note := drill_note.read(site.home):
        over = note.over or ("" if note.process.alive() else "it was killed")
        runbook = f"{site.url}docs/runbooks/{note.name}.md" if note.name in NAMES else ""  # an exam has none
        yield Signal(f"{environment} drill {note.name}", "a fault on purpose", runbook, over)
