"""Mark what a fault did, so that nobody takes it for a failure of the system: in log, trace and a metric.

The log line is in the group of the function that was hit, so `lastwish logs` shows it beside the function's own lines.
In the trace it is a subsegment below the call, or below what sent the message, of each wish that is concerned.
"""

import json
import os
import re
import secrets
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from domain.envelope import timestamp
from lastwish.local.engine import invocations
from lastwish.local.engine.calls import Call
from lastwish.local.engine.fault import Fault
from lastwish.local.engine.faults_bodies import messages, sends
from lastwish.local.engine.patch import ministack_module, require

NAMESPACE, METRIC, DIMENSION = "LastWish/Faults", "Injected", "Fault"
_STREAM = "faults"
_DAEMON_HEADER = b'{"format": "json", "version": 1}\n'
_HEADER = re.compile(r"Root=(1-[0-9a-f]{8}-[0-9a-f]{24}).*?Parent=([0-9a-f]{16})")


class Marks:
    """Marks injections; subsegments go to the X-Ray daemon at `daemon`, if there is one. Raises EngineChanged."""

    def __init__(self, daemon: str = os.environ.get("AWS_XRAY_DAEMON_ADDRESS", "")) -> None:
        host, _, port = daemon.rpartition(":")
        self._daemon = (host, int(port)) if port else None
        self._functions = ministack_module("services.lambda_svc")
        self._logs, self._cloudwatch = map(ministack_module, ("services.cloudwatch_logs", "services.cloudwatch"))
        require(self._functions, "_functions")
        require(self._logs, "_create_log_stream", "_put_log_events")

    def service(self, caller: str) -> str:
        """Return the service of ours that a function is, else the caller itself."""
        variables = self._config(caller).get("Environment", {}).get("Variables", {})
        return str(variables.get("POWERTOOLS_SERVICE_NAME", caller))

    def call(self, fault: Fault, call: Call) -> None:
        """Mark that a call is hit."""
        self._mark(fault, call.caller, f"{call.service}.{call.operation}", [call.trace, *_headers_of_messages(call)])

    def invocation(self, fault: Fault, function: str, event: object) -> None:
        """Mark that an invocation of a function with this event is hit."""
        self._mark(fault, function, "lambda.Invoke", _headers_of_event(event))

    def _config(self, function: str) -> dict[str, Any]:
        record: dict[str, Any] = self._functions._functions.get(function) or {}
        config: dict[str, Any] = record.get("config", {})
        return config

    def _mark(self, fault: Fault, function: str, call: str, headers: Iterable[str]) -> None:
        now, service = time.time(), self.service(function)
        found = filter(None, map(_HEADER.search, headers))
        traces = {match[1]: match[2] for match in reversed(list(found))}  # the first of each: the call itself
        invocations.record(self._cloudwatch, fault.label, METRIC, 1.0, now, namespace=NAMESPACE, dimension=DIMENSION)
        self._log(function, now, {"fault": fault.kind, "name": fault.name, "call": call, "traces": list(traces)})
        for trace_id, parent in traces.items():
            self._send(_subsegment(fault, service, trace_id, parent, now))

    def _log(self, function: str, now: float, facts: dict[str, Any]) -> None:
        head = {"timestamp": timestamp(datetime.fromtimestamp(now, UTC)), "level": "WARNING", "service": "faults"}
        line = json.dumps({**head, "message": "fault injected", **facts})
        name = self._config(function).get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{function}"
        stream = {"logGroupName": name, "logStreamName": _STREAM}
        self._logs._create_log_stream(stream)  # an error says that it is there, or that there is no group
        events = [{"timestamp": int(now * 1000), "message": line}]
        status, *_ = self._logs._put_log_events({**stream, "logEvents": events})
        if status != 200:
            print(line, flush=True)  # into the engine's log

    def _send(self, subsegment: dict[str, Any]) -> None:
        if self._daemon:
            # A mark may be lost, as any segment.
            with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(_DAEMON_HEADER + json.dumps(subsegment).encode(), self._daemon)


def _subsegment(fault: Fault, service: str, trace_id: str, parent: str, now: float) -> dict[str, Any]:
    # "Service" is the annotation by which Powertools names the function.
    annotations = {"Service": service, "fault": fault.kind, "fault_name": fault.name}
    return {
        "type": "subsegment",
        "trace_id": trace_id,
        "parent_id": parent,
        "id": secrets.token_hex(8),
        "name": f"fault: {fault.kind}",
        "start_time": now,
        "end_time": now + (fault.delay_ms / 1000 if fault.kind in ("delay", "slow") else 0),
        "annotations": {name: text for name, text in annotations.items() if text},
    }


def _headers_of_messages(call: Call) -> Iterator[str]:
    """Yield the trace headers of the messages that a call sends: each is that of a wish."""
    if sends(call):
        for message in messages(json.loads(call.body)):
            yield str(message.get("MessageSystemAttributes", {}).get("AWSTraceHeader", {}).get("StringValue", ""))


def _headers_of_event(event: Any) -> Iterator[str]:
    """Yield the trace headers of a batch from a queue, or of a call of the API."""
    if not isinstance(event, dict):
        return
    for record in event.get("Records", []):
        yield str(record.get("attributes", {}).get("AWSTraceHeader", ""))
    yield str((event.get("headers") or {}).get("X-Amzn-Trace-Id", ""))
