"""What faults do to calls of boto3 at the engine, and how a command begins and ends them."""

import time
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lastwish.errors import EngineFailed
from lastwish.local import faults
from lastwish.local.door import KEY_HEADER
from lastwish.local.engine.fault import PATH
from lastwish.local.faults import Fault
from tests.support.engine_in_process import KEY, Engine


def code(failure: Any) -> tuple[str, int, int]:
    """Code and HTTP status, and how often botocore tried."""
    answer = failure.value.response
    return (
        answer["Error"]["Code"],
        answer["ResponseMetadata"]["HTTPStatusCode"],
        answer["ResponseMetadata"]["RetryAttempts"],
    )


@pytest.mark.parametrize(
    ("error", "of_dynamodb", "of_sqs"),
    [
        ("throttle", ("ThrottlingException", 400, 2), ("RequestThrottled", 403, 2)),
        ("unavailable", ("ServiceUnavailableException", 503, 2), ("ServiceUnavailable", 503, 2)),
        ("access_denied", ("AccessDeniedException", 400, 0), ("AccessDenied", 403, 0)),
        ("expired", ("ExpiredTokenException", 400, 0), ("ExpiredToken", 403, 0)),
    ],
)
def test_a_refusal_is_to_botocore_what_awss_is(
    engine: Engine, error: Any, of_dynamodb: tuple[str, int, int], of_sqs: tuple[str, int, int]
) -> None:
    begun = faults.inject(engine.endpoint, Fault(kind="refuse", error=error))

    with pytest.raises(ClientError) as from_dynamodb:
        engine.put()
    with pytest.raises(ClientError) as from_sqs:
        engine.send()

    assert (code(from_dynamodb), code(from_sqs)) == (of_dynamodb, of_sqs)
    [active] = faults.active(engine.endpoint)
    assert (active.id, active.hits) == (begun.id, sum(tries + 1 for _, _, tries in (of_dynamodb, of_sqs)))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("throttle", ("ThrottlingException", 400, 2)),
        ("unavailable", ("ServiceUnavailableException", 503, 2)),
        ("access_denied", ("AccessDeniedException", 400, 0)),
        ("expired", ("ExpiredTokenException", 400, 0)),
    ],
)
def test_parameter_store_refuses_too(engine: Engine, error: Any, expected: tuple[str, int, int]) -> None:
    faults.inject(engine.endpoint, Fault(kind="refuse", error=error, service="ssm", resource="HeldWords"))
    ssm = engine.client("ssm", "parser")
    with pytest.raises(ClientError) as refused:
        ssm.get_parameters(Names=["/lastwish/local/ClosedDestinations", "/lastwish/local/HeldWords"])
    assert code(refused) == expected


@pytest.mark.parametrize(
    "fault",
    [
        {"caller": "parser"},
        {"service": "sqs"},
        {"operation": "GetItem"},
        {"resource": "Seats"},
        {"resource": "Stor"},
        {"rate": 1e-9},
    ],
)
def test_a_fault_hits_nothing_else(engine: Engine, fault: dict[str, Any]) -> None:
    faults.inject(engine.endpoint, Fault(kind="refuse", error="access_denied", **fault))
    engine.put()
    assert faults.active(engine.endpoint)[0].hits == 0


def test_a_queue_is_not_mistaken_for_its_dead_letters(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="refuse", error="access_denied", resource="Pods"))
    engine.send("lastwish-PodsDlq")
    with pytest.raises(ClientError):
        engine.send()


@pytest.mark.parametrize("caller", ["commands", "agent", "proxy"])
def test_a_fault_for_every_caller_spares_those_who_look(engine: Engine, caller: str) -> None:
    faults.inject(engine.endpoint, Fault(kind="refuse", error="unavailable"))
    engine.put(caller)


def test_the_same_seed_hits_the_same_calls(engine: Engine) -> None:
    def pattern(seed: int) -> list[int]:
        begun = faults.inject(engine.endpoint, Fault(kind="delay", delay_ms=1, rate=0.5, seed=seed))
        hits = []
        for _ in range(20):
            engine.put()
            hits.append(faults.active(engine.endpoint)[0].hits)
        faults.end(engine.endpoint, begun.id)
        return hits

    assert pattern(1) == pattern(1) != pattern(2)


def test_a_delay_waits_and_then_lets_the_call_through(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="delay", delay_ms=100))
    before = time.monotonic()
    engine.put()
    assert time.monotonic() - before >= 0.1


def test_a_fault_is_over_after_its_seconds(engine: Engine) -> None:
    faults.inject(engine.endpoint, Fault(kind="refuse", error="access_denied", seconds=0.2))
    time.sleep(0.25)
    engine.put()
    assert faults.active(engine.endpoint) == []


def test_the_end_of_a_fault_lets_go_whom_it_holds(engine: Engine) -> None:
    begun = faults.inject(engine.endpoint, Fault(kind="delay", delay_ms=3_600_000, seconds=0.2))
    engine.put()
    assert faults.end(engine.endpoint, begun.id) == 0


def test_faults_are_listed_and_ended_one_by_one(engine: Engine) -> None:
    first = faults.inject(engine.endpoint, Fault(kind="delay", delay_ms=1, name="one", seconds=600))
    second = faults.inject(engine.endpoint, Fault(kind="delay", delay_ms=2, name="two"))

    assert [(each.id, each.fault) for each in faults.active(engine.endpoint)] == [
        (first.id, first.fault),
        (second.id, second.fault),
    ]
    assert 590 < first.seconds_left <= 600
    assert faults.end(engine.endpoint, first.id) == 1
    assert [each.id for each in faults.active(engine.endpoint)] == [second.id]
    assert (faults.end(engine.endpoint), faults.end(engine.endpoint)) == (1, 0)


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        (b"{", "JSON"),
        (b"[]", "should be an object"),
        (b'{"kind": "explode"}', "kind"),
        (b'{"kind": "delay"}', "delay needs delay_ms"),
        (b'{"kind": "twice", "error": "throttle"}', "refuse, and nothing else, needs an error"),
        (b'{"kind": "refuse"}', "refuse, and nothing else, needs an error"),
        (b'{"kind": "crash", "service": "sqs"}', "say only their caller"),
        (b'{"kind": "crash", "caller": "proxy"}', "the proxy is no function"),
        (b'{"kind": "twice", "rate": 1.5}', "rate"),
        (b'{"kind": "twice", "seconds": 3601}', "seconds"),
        (b'{"kind": "twice", "name": "<script>"}', "name"),
        (b'{"kind": "twice", "unknown": 1}', "unknown"),
    ],
)
def test_what_is_no_fault_is_refused_in_words(engine: Engine, sent: bytes, word: str) -> None:
    answer = httpx.post(engine.endpoint.url + PATH, content=sent, headers={KEY_HEADER: KEY})

    assert answer.status_code == 400
    assert word in answer.json()["message"]
    assert "script" not in answer.text
    assert faults.active(engine.endpoint) == []


def test_nobody_injects_a_fault_without_the_key(engine: Engine) -> None:
    answer = httpx.post(engine.endpoint.url + PATH, json={"kind": "twice"})
    assert (answer.status_code, faults.active(engine.endpoint)) == (403, [])


def test_a_renewed_fault_goes_on(engine: Engine) -> None:
    begun = faults.inject(engine.endpoint, Fault(kind="delay", delay_ms=1, seconds=10))
    engine.put()
    renewed = faults.renew(engine.endpoint, begun.id, 600)

    assert (renewed.id, renewed.hits) == (begun.id, 1)
    assert renewed.seconds_left > 590


def test_a_renewed_fault_holds_on_to_whom_it_held(engine: Engine) -> None:
    begun = faults.inject(engine.endpoint, Fault(kind="delay", delay_ms=3_600_000, seconds=0.2))
    faults.renew(engine.endpoint, begun.id, 60)
    with pytest.raises(ReadTimeoutError):
        engine.client("dynamodb", retries={"total_max_attempts": 1}).scan(TableName="Store")


@pytest.mark.parametrize("body", [b"{}", b'{"seconds": 0}', b'{"seconds": 3601}', b'{"seconds": 60}'])
def test_what_cannot_be_renewed_is_refused(engine: Engine, body: bytes) -> None:
    answer = httpx.put(f"{engine.endpoint.url}{PATH}/over", content=body, headers={KEY_HEADER: KEY})
    assert answer.status_code == 400
    with pytest.raises(EngineFailed, match="this fault is over"):
        faults.renew(engine.endpoint, "over", 5)
