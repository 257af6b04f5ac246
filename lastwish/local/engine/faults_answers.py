"""Errors as AWS answers them, so that an SDK raises and retries what it would there.

Sources: "Error handling with DynamoDB" in its developer guide; "Error response structure" of SQS' JSON protocol, whose
header `x-amzn-query-error` gives botocore the code; "Gateway response types" of API Gateway.
"""

import json

from lastwish.local.engine.calls import Answer, Call
from lastwish.local.engine.fault import Error

REFUSED = ("dynamodb", "sqs", "execute-api")  # services whose answers are known here

_TABLES = "com.amazonaws.dynamodb.v20120810#"
_CORAL = "com.amazon.coral.service#"
_EXPIRED = "The security token included in the request is expired"
_NO_SERVICE = "Service is unavailable. Please try again."
# Of each: HTTP status, `__type`, message.
_DYNAMODB = {
    "throttle": (
        400,
        "com.amazon.coral.availability#ThrottlingException",
        "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table "
        "or index so please try again shortly.",
    ),
    "unavailable": (503, f"{_CORAL}ServiceUnavailableException", _NO_SERVICE),
    "access_denied": (400, f"{_CORAL}AccessDeniedException", "The caller is not authorized to perform: dynamodb:{}"),
    "expired": (400, f"{_CORAL}ExpiredTokenException", _EXPIRED),
}
# And the code of the older protocol.
_SQS = {
    "throttle": (
        403,
        "com.amazonaws.sqs#RequestThrottled",
        "The request was denied due to request throttling.",
        "RequestThrottled;Sender",
    ),
    "unavailable": (503, f"{_CORAL}ServiceUnavailableException", _NO_SERVICE, "ServiceUnavailable;Receiver"),
    "access_denied": (
        403,
        f"{_CORAL}AccessDeniedException",
        "The caller is not authorized to perform: sqs:{}",
        "AccessDenied;Sender",
    ),
    "expired": (403, f"{_CORAL}ExpiredTokenException", _EXPIRED, "ExpiredToken;Sender"),
}
_STAGE = {
    "throttle": (429, "Too Many Requests"),
    "unavailable": (503, "Service Unavailable"),
    "access_denied": (403, "Forbidden"),
    "expired": (401, "Unauthorized"),
}


def refusal(call: Call, error: Error) -> Answer:
    """Return the error that the call's service gives. The service is one of REFUSED."""
    if error == "sold_out":
        return _sold_out(call)
    if call.service == "execute-api":
        status, message = _STAGE[error]
        return json_answer(status, {"message": message}, kind=b"application/json")
    if call.service == "sqs":
        status, type_, message, code = _SQS[error]
        return json_answer(status, _error(type_, message, call), (b"x-amzn-query-error", code.encode()))
    status, type_, message = _DYNAMODB[error]
    return json_answer(status, _error(type_, message, call))


def _sold_out(call: Call) -> Answer:
    """Return what DynamoDB answers to a lease of seats (infra.seats) when every mark stands at its capacity."""
    values = json.loads(call.body)["ExpressionAttributeValues"]
    last = {name: name.removesuffix("_last") for name in values if name.endswith("_last")}
    marks = {of[1:]: {"N": str(int(values[name]["N"]) + int(values[of]["N"]))} for name, of in last.items()}
    error = {"__type": f"{_TABLES}ConditionalCheckFailedException", "message": "The conditional request failed"}
    return json_answer(400, error | {"Item": marks})


def _error(type_: str, message: str, call: Call) -> dict[str, str]:
    return {"__type": type_, "message": message.format(call.operation)}


def json_answer(
    status: int, document: object, *headers: tuple[bytes, bytes], kind: bytes = b"application/x-amz-json-1.0"
) -> Answer:
    """Return an answer with this document."""
    body = json.dumps(document).encode()
    return Answer(status, [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *headers], body)
