"""Put the simulated services behind boto3, so that tests of the adapters run over them unchanged.

Answers botocore's ``before-send`` event, as moto does: everything of botocore above the wire is real.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import botocore.handlers
from botocore.awsrequest import AWSResponse

from tests.support.simulated.errors import Refused


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body


@contextmanager
def simulated_aws(services: Mapping[str, Any]) -> Iterator[None]:
    """Answer every request of boto3 clients made inside. ``services`` are by the first word of ``X-Amz-Target``."""

    def answer(request: Any, **_: Any) -> AWSResponse:
        target = request.headers["X-Amz-Target"]
        service, operation = (target.decode() if isinstance(target, bytes) else target).split(".")
        status, headers = 200, {"Content-Type": "application/x-amz-json-1.0"}
        try:
            found = getattr(services[service], operation)(json.loads(request.body))
        except Refused as refused:
            status, found = 400, {"__type": f"com.amazonaws#{refused.code}", "message": refused.message, **refused.more}
        return AWSResponse(request.url, status, headers, _Raw(json.dumps(found).encode()))

    handler = ("before-send", answer)
    botocore.handlers.BUILTIN_HANDLERS.append(handler)
    # A session copies the handlers once: boto3's own must be a new one inside, and must not stay afterwards.
    before, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, None
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = before
        botocore.handlers.BUILTIN_HANDLERS.remove(handler)
