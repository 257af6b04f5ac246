"""Metrics and alarms, read from CloudWatch."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any


class CloudWatch:
    """``placeholders`` are what dimensions may hold in place of a value. Both methods raise what botocore raises."""

    def __init__(self, client: Any, placeholders: Mapping[str, str]) -> None:
        self._client = client
        self._placeholders = placeholders

    def data[K](
        self, wanted: Mapping[K, tuple[Any, str]], until: datetime, last: timedelta, period: int
    ) -> dict[K, dict[datetime, float]]:
        """Statistics of metrics (``namespace``, ``name``, ``dimensions``), each by the beginnings of its periods.

        One question for all, of which there may be 500; ``period`` is in seconds.
        """
        queries = [
            {"Id": f"q{number}", "MetricStat": {"Metric": self._named(metric), "Period": period, "Stat": statistic}}
            for number, (metric, statistic) in enumerate(wanted.values())
        ]
        found: defaultdict[str, dict[datetime, float]] = defaultdict(dict)
        pages = self._client.get_paginator("get_metric_data")
        for page in pages.paginate(MetricDataQueries=queries, StartTime=until - last, EndTime=until):
            for each in page["MetricDataResults"]:
                found[each["Id"]] |= dict(zip(each["Timestamps"], each["Values"], strict=True))
        return {key: found[f"q{number}"] for number, key in enumerate(wanted)}

    def alarms(self, prefix: str) -> list[dict[str, Any]]:
        """All alarms whose names begin so, metric and composite."""
        kinds = ["MetricAlarm", "CompositeAlarm"]
        pages = self._client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix, AlarmTypes=kinds)
        return [alarm for page in pages for kind in kinds for alarm in page.get(f"{kind}s", [])]

    def _named(self, metric: Any) -> dict[str, Any]:
        known = self._placeholders
        dimensions = [{"Name": name, "Value": known.get(value, value)} for name, value in metric.dimensions.items()]
        return {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}
