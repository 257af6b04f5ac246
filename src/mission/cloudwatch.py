"""Metrics and alarms, read from CloudWatch."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any


class CloudWatch:
    """``placeholders`` maps the template's placeholders in metrics to values. Methods raise what botocore raises."""

    def __init__(self, client: Any, placeholders: Mapping[str, str]) -> None:
        self._client = client
        self._placeholders = placeholders

    def statistics[K](
        self, metrics: Mapping[K, tuple[Any, str]], until: datetime, last: timedelta, period: int
    ) -> dict[K, dict[datetime, float]]:
        """Return a statistic of each metric (``namespace``, ``name``, ``dimensions``) by the start of its periods.

        One request for at most 500 metrics; ``period`` is in seconds.
        """
        queries = [
            {"Id": f"q{number}", "MetricStat": {"Metric": self._request(metric), "Period": period, "Stat": statistic}}
            for number, (metric, statistic) in enumerate(metrics.values())
        ]
        values: defaultdict[str, dict[datetime, float]] = defaultdict(dict)
        pages = self._client.get_paginator("get_metric_data")
        for page in pages.paginate(MetricDataQueries=queries, StartTime=until - last, EndTime=until):
            for result in page["MetricDataResults"]:
                values[result["Id"]] |= dict(zip(result["Timestamps"], result["Values"], strict=True))
        return {key: values[f"q{number}"] for number, key in enumerate(metrics)}

    def alarms(self, prefix: str) -> list[dict[str, Any]]:
        """Return all alarms with this prefix in their name, metric and composite."""
        kinds = ["MetricAlarm", "CompositeAlarm"]
        pages = self._client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix, AlarmTypes=kinds)
        return [alarm for page in pages for kind in kinds for alarm in page.get(f"{kind}s", [])]

    def _request(self, metric: Any) -> dict[str, Any]:
        dimensions = [{"Name": name, "Value": self._filled(value)} for name, value in metric.dimensions.items()]
        return {"Namespace": self._filled(metric.namespace), "MetricName": metric.name, "Dimensions": dimensions}

    def _filled(self, text: str) -> str:
        for placeholder, value in self._placeholders.items():
            text = text.replace(placeholder, value)
        return text
