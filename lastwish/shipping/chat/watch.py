"""Which alarms are on and which drill runs in an environment: read from CloudWatch and the stack's directory.

`lastwish drill` notes there what runs: no fault of the engine tells that of all drills, and none how one ended.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urljoin

from lastwish.aws.clients import plain_errors
from lastwish.drills.names import NAMES
from lastwish.local.processes import ProcessId
from lastwish.local.state import Home, write_secret
from lastwish.shipping.deploying.environment import LOCAL, find
from lastwish.site import LocalSite, Site
from mission.cloudwatch import CloudWatch

_FILE = "drill.json"


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
    try:
        note = json.loads((site.home.path / _FILE).read_bytes())
        over = note["over"] or ("" if ProcessId(**note["process"]).alive() else "it was killed")
        runbook = f"{site.url}docs/runbooks/{note['name']}.md" if note["name"] in NAMES else ""  # an exam has none
        yield Signal(f"{environment} drill {note['name']}", "a fault on purpose", runbook, over)
    except (OSError, ValueError, KeyError, TypeError):  # no drill ran here, or an older version noted it
        return


@contextmanager
def noted(home: Home, drill: str) -> Iterator[list[str]]:
    """Note that a drill runs, and how it ended: in the lines that the block puts into the list."""
    note = {"name": drill, "process": asdict(ProcessId.of(os.getpid())), "over": ""}
    lines: list[str] = []
    write_secret(home.path / _FILE, note)
    try:
        yield lines
    finally:
        write_secret(home.path / _FILE, note | {"over": " ".join(lines) or "it ended before its time"})
