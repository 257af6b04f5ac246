"""Mission control's overview over moto, and what CloudWatch and X-Ray have for it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import boto3
import httpx

from tests.support.functions import Invoke
from tests.support.http import body, operator_event

NAMESPACE = "LastWish/lastwish-local"
SLOW_OR_FAILED = "(responsetime > 1 OR fault = true OR error = true)"
SENDING = '(http.method = "POST" AND http.url ENDSWITH "/wishes")'


def answer_with(mission: ModuleType, summaries: list[dict[str, Any]], sent: Sequence[dict[str, Any]] = ()) -> None:
    """X-Ray from now on finds these among the slow and failed traces, and those that were ``sent`` among the wishes."""
    mission.overview._xray = client = boto3.client("xray")
    answers = {SLOW_OR_FAILED: summaries, SENDING: sent}

    def find(params: dict[str, Any], **_: Any) -> tuple[httpx.Response, dict[str, Any]]:
        of_stack, _, expression = json.loads(params["body"])["FilterExpression"].partition(" AND ")
        assert of_stack == '(service("lastwish-local/local") OR service("parser"))'
        return httpx.Response(200), {"TraceSummaries": answers[expression]}

    client.meta.events.register("before-call.xray.GetTraceSummaries", find)


def view(mission: ModuleType, invoke: Invoke) -> Any:
    return body(invoke(mission, operator_event("/ops/mission")))


def put(namespace: str, name: str, values: list[float], ago: timedelta = timedelta(0), **dimensions: str) -> None:
    """Publish values as one function or service does."""
    pairs = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    at = datetime.now(UTC) - ago
    data = [{"MetricName": name, "Dimensions": pairs, "Value": value, "Timestamp": at} for value in values]
    boto3.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


def alarm(name: str, state: str, actions: bool = True, **more: Any) -> None:
    cloudwatch = boto3.client("cloudwatch")
    topic = ["arn:aws:sns:us-east-1:000000000000:alarms"] if actions else []
    cloudwatch.put_metric_alarm(
        AlarmName=name, MetricName="m", Namespace="n", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold", AlarmActions=topic, **more,
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="the test says so")
