"""Measure a cold start: the CPU time of importing a handler, beside that of boto3 and one client."""

import json
import subprocess
import sys
from statistics import median
from typing import Any

from bench import BenchFailed
from bench.functions import variables
from lastwish.local.state import ROOT
from tests.support.laptop import Stack

HANDLERS = ("frontend", "console", "mission", "parser", "worker", "projector")
BASELINE_NAME = "boto3 and one client"
_BASELINE = "import boto3; boto3.client('sqs')"

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

# As in Lambda, where the tracer is on.
_LAMBDA = {
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "LAMBDA_TASK_ROOT": "/var/task",
    "_X_AMZN_TRACE_ID": "Root=1-5e645f3e-1dfad076a177c5ccc5de12f5;Parent=53995c3f42cd8ad8;Sampled=1",
}


def measure(stack: Stack, runs: int) -> dict[str, Any]:
    """Return median CPU milliseconds of the baseline and of each handler, measured in turn, and their ratios."""
    statements = {BASELINE_NAME: _BASELINE} | {name: f"import {name}.handler" for name in HANDLERS}
    environments = {name: variables(stack, name) | _LAMBDA for name in HANDLERS}
    environments[BASELINE_NAME] = environments["parser"]  # so that both sides configure boto3 alike
    everything = {variable: value for env in environments.values() for variable, value in env.items()}
    _cpu_ms("\n".join(statements.values()), everything)  # compiles what was not compiled yet
    times: dict[str, list[float]] = {name: [] for name in statements}
    for _ in range(runs):
        for name, statement in statements.items():
            times[name].append(_cpu_ms(statement, environments[name]))
    medians = {name: round(median(values), 1) for name, values in times.items()}
    ratios = {name: round(medians[name] / medians[BASELINE_NAME], 2) for name in HANDLERS}
    return {"runs": runs, "median_ms": medians, "ratios": ratios}


def _cpu_ms(statement: str, environment: dict[str, str]) -> float:
    command = [sys.executable, "-c", _MEASURE, str(ROOT / "src"), statement]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchFailed(f"{statement} failed: {done.stderr}")
    return float(json.loads(done.stdout.splitlines()[-1]))
