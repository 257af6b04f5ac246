"""What a cold start costs: the CPU time of importing a handler, beside that of boto3 and one client."""

import json
import subprocess
import sys
from statistics import median

from lastwish.local.state import ROOT

HANDLERS = ("frontend", "console", "mission", "parser", "worker", "projector")
BASELINE_NAME = "boto3 and one client"
BASELINE = "import boto3; boto3.client('sqs')"

# User and system time of the child between two points inside it, so that starting the interpreter does not count.
# botocore loads awscrt and OpenSSL where it finds them: the tools bring them to this environment, Lambda does not have
# them, and 65 ms more on both sides would flatter us.
_MEASURE = """
import json, resource, sys
sys.path.insert(0, sys.argv[1])
sys.modules |= dict.fromkeys(["awscrt", "OpenSSL"])
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
before = cpu()
exec(sys.argv[2])
print(json.dumps(1000 * (cpu() - before)))
"""

_ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    # As in Lambda: the tracer is on.
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "LAMBDA_TASK_ROOT": "/var/task",
    "_X_AMZN_TRACE_ID": "Root=1-5e645f3e-1dfad076a177c5ccc5de12f5;Parent=53995c3f42cd8ad8;Sampled=1",
    "POWERTOOLS_METRICS_NAMESPACE": "LastWish",
    "POWERTOOLS_TRACER_CAPTURE_RESPONSE": "false",
    "POWERTOOLS_TRACER_CAPTURE_ERROR": "false",
    "INBOX_URL": "http://127.0.0.1/inbox",
    "INBOX_DLQ_URL": "http://127.0.0.1/inbox-dlq",
    "PODS_URL": "http://127.0.0.1/pods",
    "PODS_DLQ_URL": "http://127.0.0.1/pods-dlq",
    "PROJECTOR_DLQ_URL": "http://127.0.0.1/projector-dlq",
    "STACK_NAME": "lastwish",
    "STAGE": "bench",
    "EVENT_STORE": "events",
    "READ_MODEL": "read-model",
    "SEATS": "seats",
    "MARS_SEATS": "40000",
    "JUPITER_SEATS": "25000",
    "CLOSED_DESTINATIONS": "",
    "HELD_WORDS": "",
    "WALL_DELAY": "5",
    "PUBLIC_URL": "",
    "USER_POOL_CLIENT": "client",
}


def measure(runs: int) -> dict[str, float]:
    """Median CPU milliseconds of the baseline and of each handler, measured in turn; byte code is there already."""
    statements = {BASELINE_NAME: BASELINE} | {name: f"import {name}.handler" for name in HANDLERS}
    for statement in statements.values():
        _cpu_ms(statement)  # compiles what was not compiled yet
    found: dict[str, list[float]] = {name: [] for name in statements}
    for _ in range(runs):
        for name, statement in statements.items():
            found[name].append(_cpu_ms(statement))
    return {name: round(median(each), 1) for name, each in found.items()}


def _cpu_ms(statement: str) -> float:
    command = [sys.executable, "-c", _MEASURE, str(ROOT / "src"), statement]
    done = subprocess.run(command, env=_ENVIRONMENT, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1]))
