"""Measure cold starts of the built bundles, beside one that imports boto3 and makes one client.

A start is what Lambda does before the first event: import the handler's module, which makes its clients and reads its
settings. The interpreter's own start and end do not count. Instructions repeat within 0.2 %, on a busy machine too.
"""

import compileall
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bench import BenchFailed
from lastwish.local.state import ROOT
from tests.support import bundles

FUNCTIONS = ("frontend", "parser", "worker", "projector", "console", "mission")
BARE = "boto3 and one client"
BARE_SENDS = "boto3, one client, one message sent"
POSTED = "frontend, first POST answered"
_PROFILED = 5  # runs; the shortest time of each import counts
_COLLECTED = re.compile(r"Collected : (\d+)")

# In the bundle, with what the runtime brings: byte code as shipped, none written, nothing of the virtual environment.
_PYTHON = [sys.executable, "-S", "-B", "-P"]
_CHILD = """
import os, sys, time
sys.path += sys.argv[1:]
{profiler}
began = time.process_time()
{statement}
os.write(1, f"\\n{{1000 * (time.process_time() - began)}}".encode())
os._exit(0)
"""
# `-X importtime` counts the time of other processes too. All imports, of C and of Python, come by this function.
_PROFILER = """
import importlib._bootstrap as bootstrap
load, inside = bootstrap._load_unlocked, [0]
def timed(spec):
    began = time.process_time_ns()
    inside.append(0)
    try:
        return load(spec)
    finally:
        taken = time.process_time_ns() - began
        os.write(2, f"{taken - inside.pop()} {spec.name}\\n".encode())
        inside[-1] += taken
bootstrap._load_unlocked = timed
"""
_NETWORK = """
from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session
def answer(_, request):
    response = AWSResponse(request.url, 200, {}, None)
    response._content = b'{"MessageId": "1"}'
    return response
URLLib3Session.send = answer
"""
_BARE = "import boto3; sqs = boto3.client('sqs')"
_SEND = "sqs.send_message(QueueUrl='https://sqs.us-east-1.amazonaws.com/1/Inbox', MessageBody=500 * 'a')"
_POST = f"""
import json, types
with open({str(ROOT / "events" / "frontend-good-wish.json")!r}) as file:
    event = json.load(file)
context = types.SimpleNamespace(
    function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="1"
)
assert frontend.handler.handler(event, context)["statusCode"] == 202
"""
# As in Lambda, where the tracer is on and credentials come from the environment.
_LAMBDA = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",  # nosec B105 - of no account
    "_X_AMZN_TRACE_ID": "Root=1-5e645f3e-1dfad076a177c5ccc5de12f5;Parent=53995c3f42cd8ad8;Sampled=1",
    "PYTHONHASHSEED": "0",
}
_BOTO = "boto3 and what it needs"
_PYTHONS = "Python's own library"
_REST = "clients, settings and other work"


@dataclass(frozen=True)
class _Start:
    """A statement to measure, the directories it is found in, and the function whose variables it has."""

    statement: str
    path: tuple[str, ...]
    function: str

    def run(self, *python: str, profiler: str = "") -> "subprocess.CompletedProcess[str]":
        command = [*python, "-c", _CHILD.format(profiler=profiler, statement=self.statement), *self.path]
        environment = bundles.environment(self.function) | _LAMBDA
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchFailed(f"{self.statement} failed: {done.stderr[-2000:]}")
        return done

    def cpu_ms(self) -> float:
        return _last_line(self.run(*_PYTHON))

    def instructions(self, valgrind: str) -> int:
        done = self.run(valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", *_PYTHON)
        return int(_COLLECTED.findall(done.stderr)[0])


def measure(runs: int) -> dict[str, Any]:
    """Build the bundles and measure each start, as ratios to the bare one. Raises BenchFailed.

    ``median_ms`` are of CPU, over ``runs`` in turn; ``mega_instructions`` is empty where there is no valgrind.
    ``profile``: CPU of the imports of each package, and of the rest, in multiples of the bare start.
    """
    with TemporaryDirectory() as directory:
        starts = _starts(Path(directory))
        times: dict[str, list[float]] = {name: [] for name in starts}
        for _ in range(runs):
            for name, start in starts.items():
                times[name].append(start.cpu_ms())
        medians = {name: round(median(values), 1) for name, values in times.items()}
        mega = _mega_instructions(starts)
        profile = {name: _profile(starts[name]) for name in (BARE, *FUNCTIONS)}
    whole = sum(profile[BARE].values())
    return {
        "runs": runs,
        "architecture": platform.machine(),
        "median_ms": medians,
        "mega_instructions": mega,
        "ratios": {
            name: {"cpu": _ratio(medians, name), "instructions": _ratio(mega, name) if mega else None}
            for name in starts
        },
        "profile": {name: {part: round(ms / whole, 3) for part, ms in of.items()} for name, of in profile.items()},
    }


def _starts(directory: Path) -> dict[str, _Start]:
    done = bundles.sam_build(bundles.HERE, directory)
    if done.returncode != 0:
        raise BenchFailed(f"sam build failed: {done.stderr[-2000:]}")
    (directory / "runtime").mkdir()
    runtime = str(bundles.copy_runtime(directory / "runtime"))
    compileall.compile_dir(runtime, quiet=2)

    def start(package: str, statement: str) -> _Start:
        function = f"{package.capitalize()}Function"
        return _Start(statement, (str(directory / "build" / function), runtime), function)

    handlers = {package: start(package, f"import {package}.handler") for package in FUNCTIONS}
    return {
        BARE: _Start(_BARE, (runtime,), "ParserFunction"),
        **handlers,
        BARE_SENDS: _Start("\n".join([_BARE, _NETWORK, _SEND]), (runtime,), "ParserFunction"),
        POSTED: start("frontend", "\n".join([_NETWORK, "import frontend.handler", _POST])),
    }


def _last_line(done: "subprocess.CompletedProcess[str]") -> float:
    return float(done.stdout.splitlines()[-1])  # after what the function has logged


def _mega_instructions(starts: dict[str, _Start]) -> dict[str, float]:
    if not (valgrind := shutil.which("valgrind")):
        return {}
    counted = {"nothing": _Start("pass", starts[BARE].path, starts[BARE].function), **starts}
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(counted, pool.map(lambda start: start.instructions(valgrind), counted.values()), strict=True))
    return {name: round((found[name] - found["nothing"]) / 1e6, 1) for name in starts}


def _ratio(values: dict[str, float], name: str) -> float:
    return round(values[name] / values[BARE], 3)


def _profile(start: _Start) -> dict[str, float]:
    """Return the milliseconds of a start by package, and of all that is no import."""
    wholes: list[float] = []
    modules: dict[str, float] = {}
    for _ in range(_PROFILED):
        done = start.run(*_PYTHON, profiler=_PROFILER)
        wholes.append(_last_line(done))
        for taken, module in map(str.split, done.stderr.splitlines()):
            modules[module] = min(modules.get(module, 1e9), int(taken) / 1e6)
    parts: dict[str, float] = {}
    for module, milliseconds in modules.items():
        part = _part_of(module)
        parts[part] = parts.get(part, 0) + milliseconds
    shown = {part: ms for part, ms in parts.items() if ms > min(wholes) / 100}
    shown.pop(_REST, None)
    return shown | {_REST: min(wholes) - sum(shown.values())}


def _part_of(module: str) -> str:
    package, _, name = module.partition(".")
    if name == "handler":
        return _REST
    if package in sys.stdlib_module_names:
        return _PYTHONS
    if package in bundles.IN_RUNTIME:
        return _BOTO
    return "Last Wish" if (ROOT / "src" / package).is_dir() else package
