"""Events of ordinary wishes, as Lambda gives them to each function: plain JSON, so that any code can be measured."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

_NAMES = UUID("3d0c4f6e-45f0-4b0e-9a53-6a0c1f3f2045")
_NOW = datetime.now(UTC)
_TIME = _NOW.isoformat(timespec="milliseconds").replace("+00:00", "Z")
_TEXTS = (
    "Tell the whales that we are sorry, and water the olive tree behind the house when summer comes.",
    "Mamá, no te preocupes: el jardín sigue floreciendo, y la llave está debajo de la maceta azul.",
    "海のそばの家に、まだ灯りがついていますように。みんな元気でね。いつか星の向こうで会いましょう。",
    "Grüße an alle, die bleiben: bitte füttert die Katze, sie heißt Schrödinger und mag keinen Fisch.",
    "I left the kettle on in 2031 and I still think about it. Be kind to each other, please & thank you.",
)


def _wish(number: int) -> dict[str, Any]:
    destination = "jupiter" if number % 2 else "mars"
    return {"destination": destination, "name": "Ana", "message": _TEXTS[number % len(_TEXTS)]}


def _envelope(number: int, wish_id: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(uuid5(UUID(wish_id), kind)),
        "source": "lastwish/bench",
        "type": f"lastwish.wish.{kind}.v1",
        "subject": wish_id,
        "time": _TIME,
        "datacontenttype": "application/json",
        "correlationid": f"DGz3BHVbI{number:06}=",
        "data": data,
    }


def _trace_header(number: int) -> str:
    return f"Root=1-8d12f900-{number:024x};Parent={number:016x};Sampled=1"


def _request(number: int) -> dict[str, Any]:
    path, headers = (
        "/wishes",
        {"Content-Type": "application/json", "Accept": "*/*", "User-Agent": "Mozilla/5.0 (phone)"},
    )
    context = {
        "requestId": str(uuid5(_NAMES, f"{number}")),
        "extendedRequestId": f"DGz3BHVbI{number:06}=",
        "requestTimeEpoch": int(1000 * _NOW.timestamp()),
        "stage": "prod",
    }
    return {
        "resource": path,
        "path": path,
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": context | {"domainName": "wishes.example", "path": path, "httpMethod": "POST"},
        "body": json.dumps(_wish(number)),
        "isBase64Encoded": False,
    }


def _record(number: int, *, is_decided: bool) -> dict[str, Any]:
    """Return a record from Inbox, or one from Pods where the wish is decided."""
    wish_id = str(uuid5(_NAMES, str(number)))
    submission = _envelope(number, wish_id, "submitted", _wish(number) | {"digest": "0" * 64})
    story = [submission, _envelope(number, wish_id, "accepted", {})]
    return {
        "messageId": str(uuid5(_NAMES, f"message {number}")),
        "receiptHandle": "handle",
        "body": json.dumps(story if is_decided else submission),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(int(1000 * _NOW.timestamp())),
            "AWSTraceHeader": _trace_header(number),
        },
        "messageAttributes": {"trace_header": {"stringValue": _trace_header(number), "dataType": "String"}},
        "eventSource": "aws:sqs",
    }


def _inserted(number: int) -> dict[str, Any]:
    """Return a record of the store's stream: the commit of a wish that boarded."""
    wish, wish_id = _wish(number), str(uuid5(_NAMES, str(number)))
    data: dict[str, dict[str, Any]] = {
        "submitted.v1": {**{name: {"S": value} for name, value in wish.items()}, "digest": {"S": "0" * 64}},
        "accepted.v1": {},
        "boarded.v2": {"seat": {"N": "1234"}, "pod": {"N": str(number % 3 + 1)}, "arrives_on": {"S": "2051-01-01"}},
        "shown.v2": {"by": {"S": "rules"}, "since": {"S": "2045-01-01T12:00:05.400Z"}},
    }
    events = [
        {"M": {"type": {"S": f"lastwish.wish.{kind}"}, "time": {"S": _TIME}, "data": {"M": of}}}
        for kind, of in data.items()
    ]
    image = {
        "stream": {"S": f"wish#{wish_id}"},
        "version": {"N": "1"},
        "commit_id": {"S": str(uuid5(UUID(wish_id), "submitted"))},
        "time": {"S": _TIME},
        "correlation_id": {"S": f"DGz3BHVbI{number:06}="},
        "events": {"L": events},
        "trace_id": {"S": f"1-8d12f900-{number:024x}"},
        "trace_header": {"S": _trace_header(number)},
    }
    return {
        "eventName": "INSERT",
        "dynamodb": {"ApproximateCreationDateTime": int(_NOW.timestamp()), "NewImage": image},
    }


def event(function: str, numbers: list[int]) -> dict[str, Any]:
    """Return the event with these wishes; the frontend takes one at a time."""
    if function == "frontend":
        return _request(numbers[0])
    if function == "projector":
        return {"Records": [_inserted(number) for number in numbers]}
    return {"Records": [_record(number, is_decided=function == "worker") for number in numbers]}
