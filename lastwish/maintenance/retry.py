"""Make what waits in Inbox and Pods visible now; on AWS, say what waits and until when.

A message is hidden after a receive, until the function has deleted it, or the back-off or its queue's visibility
timeout has run out. On AWS only who received it can end that.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from infra.queues import LONGEST_DELAY
from lastwish.aws.clients import plain_errors
from lastwish.local.engine import process as engine
from lastwish.maintenance.stores import stores
from lastwish.site import LocalSite, Site

QUEUES = ("Inbox", "Pods")
_HIDDEN = ("ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
_TIMEOUT = "VisibilityTimeout"


@dataclass(frozen=True)
class Waiting:
    """Messages that were hidden, by queue. ``until`` is the latest time at which one is visible; None: now."""

    queues: dict[str, int]
    until: datetime | None = None

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object; ``until`` is ISO 8601."""
        until = self.until and self.until.isoformat(timespec="seconds")
        return {"waiting": sum(self.queues.values()), "queues": self.queues, "until": until}

    def words(self) -> str:
        """Return it in a line for a person."""
        waiting = ", ".join(f"{count} in {queue}" for queue, count in self.queues.items())
        if self.until is None:
            return f"visible now: {waiting}"
        return f"hidden: {waiting}; until {self.until:%H:%M:%S} UTC at most. On AWS nobody can show them sooner"


def retry(site: Site) -> Waiting:
    """Make hidden messages visible where the stack runs here, else change nothing. Raises AwsError, EngineFailed."""
    there = stores(site)
    names = {queue: there.queue(queue) for queue in QUEUES}
    if isinstance(site, LocalSite):
        shown = engine.retry(site.state.aws)
        return Waiting({queue: shown.get(url.rpartition("/")[2], 0) for queue, url in names.items()})
    with plain_errors():
        read = {
            queue: there.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[*_HIDDEN, _TIMEOUT])["Attributes"]
            for queue, url in names.items()
        }
    longest = max(LONGEST_DELAY, *(int(each[_TIMEOUT]) for each in read.values()))
    hidden = {queue: sum(int(each[name]) for name in _HIDDEN) for queue, each in read.items()}
    return Waiting(hidden, datetime.now(UTC) + timedelta(seconds=longest))
