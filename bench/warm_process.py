"""Run one warm function in this process: ``python -m bench.warm_process FUNCTION MODULE WISHES``.

The handler is the one on the path. What it would send to AWS is serialised, signed and answered here, and the answer is
parsed: only the network is left out. Segments go to a real socket, and log lines to standard output. The last line on
standard error is the result, in JSON.
"""

import gc
import importlib
import json
import os
import resource
import socket
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import batched
from typing import Any

from bench.warm_events import event

_BATCH = 10
_WARM_UP = 20  # batches
_COUNTED = 10  # batches of which log bytes and datagrams are counted
_ID = "3d0c4f6e-45f0-4b0e-9a53-6a0c1f3f2045"
_ANSWERS: dict[str, dict[str, Any]] = {
    "SendMessage": {"MessageId": _ID, "MD5OfMessageBody": "0" * 32},
    "SendMessageBatch": {
        "Successful": [{"Id": str(n), "MessageId": _ID, "MD5OfMessageBody": "0" * 32} for n in range(10)]
    },
    "BatchGetItem": {"Responses": {"EventStore": []}, "UnprocessedKeys": {}},
    "UpdateItem": {"Attributes": {"mars": {"N": "5000"}, "jupiter": {"N": "5000"}}},
    "PutItem": {},
    "GetItem": {"Item": {"pk": {"S": "pointer"}, "sk": {"S": "-"}, "current": {"N": "1"}, "live": {"NS": ["1"]}}},
    "TransactWriteItems": {},
}
# What shows that the duty is done, and for how many wishes: the frontend takes one at a time, the worker stores each.
_DUTY = {"frontend": ("SendMessage", 1), "parser": ("SendMessageBatch", 10), "worker": ("PutItem", 1)}
_DUTY |= {"projector": ("TransactWriteItems", 10)}
_TOTALS = {"Item": {"pk": {"S": "1#totals"}, "sk": {"S": "-"}, "position": {"N": "41"}, "mars_boarded": {"N": "5000"}}}


class _Body:
    """As much of urllib3's response as botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content


_calls = Counter[str]()


def _stub_network() -> None:
    """Answer each request as AWS would one that succeeds, by botocore's own hook before it opens a connection."""
    # botocore loads these where it finds them: the tools bring them to this environment, Lambda does not have them.
    sys.modules |= dict.fromkeys(["awscrt", "OpenSSL"])  # type: ignore[arg-type]
    import botocore.handlers
    from botocore.awsrequest import AWSResponse

    headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": "0" * 52}

    def answer(request: Any, event_name: str, **_: Any) -> AWSResponse:
        operation = event_name.rpartition(".")[2]
        _calls[operation] += 1
        found = _TOTALS if b"totals" in request.body and operation == "GetItem" else _ANSWERS[operation]
        return AWSResponse(request.url, 200, headers, _Body(json.dumps(found).encode()))  # type: ignore[arg-type]

    botocore.handlers.BUILTIN_HANDLERS.append(("before-send", answer))


@dataclass(frozen=True)
class Context:
    """Lambda's context of an invocation."""

    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"
    function_name: str = "lastwish-prod-WorkerFunction-8EJ0qXhZ3m1A"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = f"arn:aws:lambda:eu-central-1:123456789012:function:{function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def _cpu_us() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return 1e6 * (used.ru_utime + used.ru_stime)


def measure(function: str, module: str, wishes: int) -> dict[str, float]:
    """Return what a wish costs: microseconds of CPU, bytes of log, datagrams to X-Ray and their bytes."""
    size = 1 if function == "frontend" else _BATCH
    spare = (_WARM_UP + _COUNTED) * size
    events = [event(function, list(some)) for some in batched(range(wishes + spare), size, strict=False)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.setblocking(False)
        os.environ["AWS_XRAY_DAEMON_ADDRESS"] = f"127.0.0.1:{daemon.getsockname()[1]}"
        _stub_network()
        handler = getattr(importlib.import_module(module), function if module == "bench.bare" else "handler")

        def invoke(some: Iterable[dict[str, Any]]) -> None:
            for number, each in enumerate(some):
                os.environ["_X_AMZN_TRACE_ID"] = f"Root=1-8d12f901-{number:024x};Parent={number:016x};Sampled=1"
                handler(each, Context())

        invoke(events[:_WARM_UP])
        _received(daemon)
        sys.stdout.flush()
        written, datagrams = os.fstat(1).st_size, list[bytes]()
        for each in events[_WARM_UP : _WARM_UP + _COUNTED]:
            invoke([each])
            datagrams += _received(daemon)
        sys.stdout.flush()
        counted = _COUNTED * size
        log_bytes = (os.fstat(1).st_size - written) / counted
        gc.collect()
        before = _cpu_us()
        invoke(events[_WARM_UP + _COUNTED :])
        used = (_cpu_us() - before) / wishes
    operation, of_wishes = _DUTY[function]
    if _calls[operation] * of_wishes != wishes + spare:
        raise RuntimeError(f"{module} did not do its duty: {dict(_calls)}")
    return {
        "cpu_us": used,
        "log_bytes": log_bytes,
        "datagrams": len(datagrams) / counted,
        "datagram_bytes": sum(map(len, datagrams)) / counted,
    }


def _received(daemon: socket.socket) -> list[bytes]:
    """Return the datagrams that wait."""
    found = []
    with suppress(BlockingIOError):
        while True:
            found.append(daemon.recv(65_536))
    return found


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))), file=sys.stderr)
