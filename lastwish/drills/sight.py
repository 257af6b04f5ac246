"""What can be seen of a stack since a moment: alarms that rang, metrics, log lines, queues, receipts."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import httpx

from lastwish.aws.clients import plain_errors
from lastwish.drills.crowd import Crowd
from lastwish.maintenance.stores import Stores, stores
from lastwish.observe import logs
from lastwish.site import Site
from mission.cloudwatch import CloudWatch
from mission.log_search import Query
from mission.slos import Metric
from observability.burn import signals

_SIGNALS = frozenset(signal.name for signal in signals())
_EARLIER = timedelta(seconds=3)  # the agent gives a point the time at which its two seconds began


class Sight:
    """Eyes on one stack. Each method raises AwsError where the stack does not answer."""

    def __init__(self, site: Site, crowd: Crowd) -> None:
        self.site, self.crowd = site, crowd
        self.begin()
        self.stores: Stores = stores(site)
        self._alarms = site.client("cloudwatch")
        self._metrics = CloudWatch(self._alarms, _placeholders(site))

    def begin(self) -> None:
        """Look from now on."""
        self.began = datetime.now(UTC)

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return (datetime.now(UTC) - self.began).total_seconds()

    def rung(self) -> dict[str, float]:
        """Alarms that rang, without the stack's name: seconds after the beginning. Parts of alarms do not ring."""
        prefix = f"{self.site.name}/"
        with plain_errors():
            pages = self._alarms.get_paginator("describe_alarm_history").paginate(
                HistoryItemType="StateUpdate",
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                StartDate=self.began - _EARLIER,
                ScanBy="TimestampAscending",
            )
            rung: dict[str, float] = {}
            for item in (item for page in pages for item in page["AlarmHistoryItems"]):
                name = item["AlarmName"].removeprefix(prefix)
                since = (item["Timestamp"] - self.began).total_seconds()
                if item["HistorySummary"].endswith("to ALARM") and name not in _SIGNALS:
                    rung.setdefault(name, round(max(0.0, since), 1))
        return rung

    def total(self, metric: Metric) -> float:
        """Sum of a metric since the beginning."""
        now = datetime.now(UTC)
        with plain_errors():
            since = now - self.began + _EARLIER
            found = self._metrics.statistics({0: (metric, "Sum")}, now, since, period=1)
        return sum(found[0].values())

    def logged(self, text: str) -> bool:
        """Whether a line with this text was logged since the beginning."""
        query = Query(start=self.began, text=text, everything=True, limit=1)
        return bool(logs.search(self._logs, query)[0])

    def waiting(self, *queues: str) -> int:
        """Messages in these queues, visible or not."""
        with plain_errors():
            return self.stores.waiting(*queues)

    def receipts(self) -> set[str]:
        """Statuses of some of the latest wishes that were answered 202, where a receipt comes."""
        statuses = set()
        for wish_id in list(self.crowd.accepted)[::4]:
            with suppress(httpx.HTTPError):  # the stack is broken on purpose
                answer = self._http.get(f"wishes/{wish_id}")
                statuses.add(answer.json()["status"] if answer.status_code == 200 else str(answer.status_code))
        return statuses

    @cached_property
    def _logs(self) -> Any:
        return logs.source(self.site)

    @cached_property
    def _http(self) -> httpx.Client:
        return self.site.http()


def _placeholders(site: Site) -> dict[str, str]:
    """Return what stands for the template's placeholders in metrics."""
    ids = site.physical_ids()
    queues = {f"${{{name}.QueueName}}": value.rpartition("/")[2] for name, value in ids.items()}
    named = {f"${{{name}}}": value for name, value in ids.items()}
    return queues | named | {"${AWS::StackName}": site.name, "${Stage}": site.stage}
