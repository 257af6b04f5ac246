"""Errors as AWS answers them, so that an SDK raises and retries what it would there.

Sources: "Error handling with DynamoDB" in its developer guide; "Error response structure" of SQS' JSON protocol, whose
header `x-amzn-query-error` gives botocore the code; "Gateway response types" of API Gateway.
"""

import json

from lastwish.local.engine.calls import Answer, Call
from lastwish.local.engine.fault import Error

REFUSED = ("dynamodb", "ssm", "sqs", "execute-api")  # services whose answers are known here

_TABLES, _QUEUES = "com.amazonaws.dynamodb.v20120810#", "com.amazonaws.sqs#"
_CORAL = "com.amazon.coral.service#"
# Status and `__type`.
_DYNAMODB = {
    "throttle": (400, "com.amazon.coral.availability#ThrottlingException"),
    "unavailable": (503, f"{_CORAL}ServiceUnavailableException"),
    "access_denied": (400, f"{_CORAL}AccessDeniedException"),
    "expired": (400, f"{_CORAL}ExpiredTokenException"),
}
# Status, `__type` and the code of the older protocol.
_SQS = {
    "throttle": (403, f"{_QUEUES}RequestThrottled", b"RequestThrottled;Sender"),
    "unavailable": (503, f"{_CORAL}ServiceUnavailableException", b"ServiceUnavailable;Receiver"),
    "access_denied": (403, f"{_CORAL}AccessDeniedException", b"AccessDenied;Sender"),
    "expired": (403, f"{_CORAL}ExpiredTokenException", b"ExpiredToken;Sender"),
}
_STAGE = {"throttle": 429, "unavailable": 503, "access_denied": 403, "expired": 401}
_MESSAGES = {
    "throttle": "Rate exceeded: throughput exceeds the current capacity",
    "unavailable": "Service is unavailable. Please try again.",
    "access_denied": "The caller is not authorized to perform: {}:{}",
    "expired": "The security token included in the request is expired",
}


def refusal(call: Call, error: Error) -> Answer:
    """Return the error that the call's service gives. The service is one of REFUSED."""
    if error == "sold_out":
        return _sold_out(call)
    message = {"message": _MESSAGES[error].format(call.service, call.operation)}
    if call.service == "execute-api":
        return json_answer(_STAGE[error], message)
    if call.service == "sqs":
        status, type_, code = _SQS[error]
        return json_answer(status, {"__type": type_, **message}, (b"x-amzn-query-error", code))
    status, type_ = _DYNAMODB[error]
    return json_answer(status, {"__type": type_, **message})


def _sold_out(call: Call) -> Answer:
    """Return what DynamoDB answers to a lease of seats (infra.seats) when every mark stands at its capacity."""
    values = json.loads(call.body)["ExpressionAttributeValues"]
    last = {name: name.removesuffix("_last") for name in values if name.endswith("_last")}
    marks = {of[1:]: {"N": str(int(values[name]["N"]) + int(values[of]["N"]))} for name, of in last.items()}
    error = {"__type": f"{_TABLES}ConditionalCheckFailedException", "message": "The conditional request failed"}
    return json_answer(400, error | {"Item": marks})


def json_answer(status: int, document: object, *headers: tuple[bytes, bytes]) -> Answer:
    """Return an answer with this document."""
    body = json.dumps(document).encode()
    kind = (b"content-type", b"application/x-amz-json-1.0")
    return Answer(status, [kind, (b"content-length", b"%d" % len(body)), *headers], body)
