import time
from types import ModuleType

import pytest

from tests.support.functions import Invoke, Log
from tests.support.samples import sample


@pytest.mark.parametrize(("accept", "kind"), [("text/html", "SlowPage"), ("application/json", "SlowCall")])
@pytest.mark.parametrize(("ago", "slow"), [(0.0, 0), (3.0, 1)])
def test_a_response_is_slow_or_not_from_the_gateways_receipt_on(
    frontend: ModuleType, invoke: Invoke, log: Log, accept: str, kind: str, ago: float, slow: int
) -> None:
    event = sample("frontend-receipt")
    event["headers"] = {"Accept": accept}
    event["requestContext"]["requestTimeEpoch"] = int((time.time() - ago) * 1000)
    invoke(frontend, event)
    found = log.metrics()
    assert {name: found[name] for name in ("SlowPage", "SlowCall") if name in found} == {kind: [slow]}


@pytest.mark.parametrize("path", ["/health", "/qr.svg", "/assets/show-en.json"])
def test_health_checks_and_files_are_not_timed(frontend: ModuleType, invoke: Invoke, log: Log, path: str) -> None:
    assert invoke(frontend, {**sample("frontend-receipt"), "path": path})["statusCode"] == 200
    assert not log.metrics().keys() & {"SlowPage", "SlowCall"}
