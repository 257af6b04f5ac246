"""What a drill sees in CloudWatch: alarms that rang since it began, and metrics of its stack."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from lastwish.drills.crowd import Crowd
from lastwish.drills.drill import Load
from lastwish.drills.sight import Sight
from lastwish.promises import Promises
from lastwish.site import ReadPromises, Site
from observability.metrics import custom, function, queue
from tests.support.engine_in_process import Engine

IDS = {"Pods": "http://127.0.0.1/000000000000/lastwish-Pods", "WorkerFunction": "lastwish-WorkerFunction"}
RULE = 'ALARM("lastwish-local/slo-boarding-page-long")'


class EngineSite(Site):
    """A stack of which only the names of its resources are there."""

    name, on_aws, stage, outputs, url = "lastwish-local", False, "local", IDS, "http://127.0.0.1:9"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def client(self, service: Any) -> Any:
        return self._engine.client(service, "commands", read_timeout=30)

    def physical_ids(self, kind: str | None = None) -> dict[str, str]:
        return IDS

    def promises(self, since: datetime | None = None) -> ReadPromises:
        return lambda: Promises([])

    def facts(self) -> dict[str, Any]:
        return {}

    def health(self) -> dict[str, str]:
        return {}


@pytest.fixture
def sight(engine: Engine) -> Sight:
    return Sight(EngineSite(engine), Crowd("http://127.0.0.1:9", Load(), seed=1))


def put(sight: Sight, namespace: str, name: str, dimension: tuple[str, str], value: float, ago: float = 0) -> None:
    dimensions = [{"Name": dimension[0], "Value": dimension[1]}]
    datum = {"MetricName": name, "Dimensions": dimensions, "Value": value}
    moment = datetime.now(UTC) - timedelta(seconds=ago)
    data = [datum | {"Timestamp": moment}]
    sight.site.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


def put_alarm(sight: Sight, name: str) -> None:
    settings: Any = {"Namespace": "N", "MetricName": "M", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1}
    settings |= {"Statistic": "Sum", "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
    sight.site.client("cloudwatch").put_metric_alarm(AlarmName=f"lastwish-local/{name}", **settings)


def set_state(sight: Sight, name: str, state: str) -> None:
    cloudwatch = sight.site.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=f"lastwish-local/{name}", StateValue=state, StateReason="a test")


def test_an_alarm_that_rang_is_seen_also_when_it_is_over(sight: Sight) -> None:
    put_alarm(sight, "store-refuses")
    set_state(sight, "store-refuses", "ALARM")
    set_state(sight, "store-refuses", "OK")
    assert sight.rung().keys() == {"store-refuses"}


def test_parts_of_an_alarm_do_not_ring_but_the_alarm_does(sight: Sight) -> None:
    put_alarm(sight, "slo-boarding-page-long")
    whole = "lastwish-local/slo-boarding-page"
    sight.site.client("cloudwatch").put_composite_alarm(AlarmName=whole, AlarmRule=RULE)
    set_state(sight, "slo-boarding-page-long", "ALARM")
    assert sight.rung().keys() == {"slo-boarding-page"}


def test_what_rang_before_it_began_is_not_seen(sight: Sight) -> None:
    put_alarm(sight, "store-refuses")
    set_state(sight, "store-refuses", "ALARM")
    sight.began += timedelta(seconds=5)
    assert sight.rung() == {}


def test_a_metric_is_summed_up_from_the_beginning_and_only_this_stacks(sight: Sight) -> None:
    sight.began -= timedelta(seconds=30)
    for value, ago in ((2, 20), (3, 1), (100, 50)):
        put(sight, "LastWish/lastwish-local", "StoreRefused", ("service", "worker"), value, ago)
    put(sight, "LastWish/lastwish-prod", "StoreRefused", ("service", "worker"), 100)
    put(sight, "AWS/Lambda", "Errors", ("FunctionName", "lastwish-WorkerFunction"), 4)
    put(sight, "AWS/SQS", "ApproximateAgeOfOldestMessage", ("QueueName", "lastwish-Pods"), 7)
    assert sight.total(custom("StoreRefused", "worker")) == 5
    assert sight.total(function("Errors", "WorkerFunction")) == 4
    assert sight.total(queue("ApproximateAgeOfOldestMessage", "Pods")) == 7
    assert sight.total(custom("StoreThrottled", "worker")) == 0


def test_a_receipt_that_does_not_come_is_skipped(sight: Sight, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("lost"):
            raise httpx.ReadTimeout("a fault")
        return httpx.Response(200, json={"status": "boarded"})

    api = httpx.Client(base_url="http://127.0.0.1:9/", transport=httpx.MockTransport(answer))
    monkeypatch.setattr(EngineSite, "http", lambda _: api)
    sight.crowd.accepted.extend(["lost", "", "", "", "there"])  # every fourth is read
    assert sight.receipts() == {"boarded"}
