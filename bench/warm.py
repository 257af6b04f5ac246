"""Measure what a wish costs each function of the chain once it is warm: CPU time, log bytes, datagrams to X-Ray.

Each function handles its wishes in a process of its own, in batches of ten, with botocore's real requests and answers
and no network (`bench.warm_process`). Beside it stand a bare handler of the same duty (`bench.bare`), and the same
function as it was at an older commit. ``python -m bench.warm [WISHES]`` prints all.
"""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bench import BenchFailed, NotMeasured
from lastwish.local.state import ROOT

FUNCTIONS = ("frontend", "parser", "worker", "projector")
ALL = "all four"
BEFORE = "30c260d"  # the last commit before anybody looked at what a warm wish costs
ROUNDS = 3
_SRC = ROOT / "src"
_QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012"

# As the template sets them on AWS, where the tracer is on.
_VARIABLES = {
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "ASIA0000000000000000",
    "AWS_SECRET_ACCESS_KEY": "0" * 40,
    "AWS_SESSION_TOKEN": "0" * 400,
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "LAMBDA_TASK_ROOT": "/var/task",
    "_X_AMZN_TRACE_ID": "Root=1-5e645f3e-1dfad076a177c5ccc5de12f5;Parent=53995c3f42cd8ad8;Sampled=1",
    "STAGE": "prod",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "POWERTOOLS_METRICS_NAMESPACE": "LastWish/lastwish-prod",
    "POWERTOOLS_TRACER_CAPTURE_RESPONSE": "false",
    "POWERTOOLS_TRACER_CAPTURE_ERROR": "false",
    **{f"{name.upper()}_URL": f"{_QUEUE}/lastwish-prod-{name}" for name in ("Inbox", "Inbox_Dlq", "Pods", "Pods_Dlq")},
    "EVENT_STORE": "EventStore",
    "READ_MODEL": "ReadModel",
    "SEATS": "Seats",
    "MARS_SEATS": "40000",
    "JUPITER_SEATS": "25000",
    "CLOSED_DESTINATIONS": "",
    "HELD_WORDS": "",
    "PARAMETER_PATH": "",
    "WALL_DELAY": "5",
    "PUBLIC_URL": "https://wishes.example/",
    "PYTHONHASHSEED": "0",
    "PYTHONUNBUFFERED": "1",  # Lambda takes each line as it is written
}


def measure(wishes: int, rounds: int = ROUNDS) -> dict[str, Any]:
    """Return the costs of a wish for each function of all sides, and the ratios of ours to each other side.

    Raises BenchFailed, NotMeasured.
    """
    with _source_at(BEFORE) as before:
        sides = {"ours": _SRC, "bare": None, "before": before}
        found: dict[str, dict[str, list[dict[str, float]]]] = {name: {side: [] for side in sides} for name in FUNCTIONS}
        for _ in range(rounds):
            for name in FUNCTIONS:
                for side, src in sides.items():
                    found[name][side].append(cost(name, src, wishes))
    table = {name: {side: _folded(median, costs) for side, costs in of.items()} for name, of in found.items()}
    table[ALL] = {side: _folded(sum, [table[name][side] for name in FUNCTIONS]) for side in sides}
    ratios = {
        other: {name: round(of["ours"]["cpu_us"] / of[other]["cpu_us"], 2) for name, of in table.items()}
        for other in ("bare", "before")
    }
    return {"wishes": wishes, "per_wish": table, "cpu_ratio": ratios}


@contextmanager
def _source_at(commit: str) -> Iterator[Path]:
    """Give src/ as it was at a commit. Raises NotMeasured in a clone that does not have the commit."""
    with TemporaryDirectory() as folder:
        command = ["git", "archive", commit, "src"]
        archive = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # nosec B607 - the user's git
        if archive.returncode != 0:
            raise NotMeasured(f"this clone does not have commit {commit}")
        with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder, "src")


def _folded(fold: Callable[[Iterable[float]], float], costs: list[dict[str, float]]) -> dict[str, float]:
    """Make one of several costs, by name: their sum, or their median."""
    return {name: round(fold(cost[name] for cost in costs), 1) for name in costs[0]}


def cost(function: str, src: Path | None, wishes: int) -> dict[str, float]:
    """Return what a wish costs a function: of the code in ``src``, None for the bare handler. Raises BenchFailed."""
    module = f"{function}.handler" if src else "bench.bare"
    path = os.pathsep.join(map(str, [*([src] if src else []), ROOT]))
    env = _VARIABLES | {"PYTHONPATH": path, "PATH": os.environ["PATH"], "POWERTOOLS_SERVICE_NAME": function}
    command = [sys.executable, "-m", "bench.warm_process", function, module, str(wishes)]
    with TemporaryDirectory() as folder, Path(folder, "log").open("wb") as log:
        done = subprocess.run(command, env=env, cwd=folder, stdout=log, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise BenchFailed(f"{function} did not handle its wishes: {done.stderr}")
    result: dict[str, float] = json.loads(done.stderr.splitlines()[-1])
    return result


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    print(json.dumps(measure(number), indent=2))
