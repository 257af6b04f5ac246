"""Measure how many wishes per second the chain stores, beside a chain that only passes them on, on the same engine.

The time of a round says little on a busy machine, so the CPU time of all the stack's processes is counted too.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psutil

from bench import BenchFailed
from lastwish.aws.clients import describe_stack
from lastwish.local import deploy
from lastwish.local.door import KEY_HEADER
from lastwish.local.state import STACK
from tests.support.laptop import Laptop, Stack

CHAIN, PASS_THROUGH = "chain", "pass-through"
WISH = {"message": "Tell the whales we are sorry.", "destination": "jupiter", "name": "The last boarding call"}
_TEMPLATE = Path(__file__).with_name("passthrough.yaml")
_HANDLERS = Path(__file__).with_name("passthrough.py")
_TIMEOUT = 120.0  # seconds in which a round has to be stored
_POLL = 0.05
_SETTLES = 2.0  # seconds in which what a round left to do, such as its projection, is done
NO_TRACES = {"POWERTOOLS_TRACE_DISABLED": "true"}


@dataclass(frozen=True)
class Pipeline:
    """A deployed chain: the URL that takes wishes, and the table that stores them."""

    name: str
    url: str
    table: str
    dynamodb: Any
    key: str  # of the stack, for the engine

    def stored(self) -> int:
        """Return how many items its table has. The engine keeps the count; AWS updates it every six hours."""
        return int(self.dynamodb.describe_table(TableName=self.table)["Table"]["ItemCount"])

    def rate(self, wishes: int, clients: int) -> float:
        """Return wishes per second from the first request to the last item stored. Raises BenchFailed."""
        before = self.stored()
        started = time.perf_counter()
        with ThreadPoolExecutor(clients) as crowd:
            list(crowd.map(self._post, [len(range(n, wishes, clients)) for n in range(clients)]))
        while (missing := before + wishes - self.stored()) > 0:
            if time.perf_counter() - started > _TIMEOUT:
                raise BenchFailed(f"{self.name}: {missing} of {wishes} wishes were not stored in {_TIMEOUT:g} s")
            time.sleep(_POLL)
        return wishes / (time.perf_counter() - started)

    def _post(self, wishes: int) -> None:
        with httpx.Client(headers={KEY_HEADER: self.key}, timeout=60, trust_env=False) as http:
            for _ in range(wishes):
                answer = http.post(self.url, json=WISH)
                if answer.status_code != 202:
                    raise BenchFailed(f"{self.name} answered {answer.status_code} to a wish")


def measure(stack: Stack, wishes: int, clients: int, rounds: int) -> dict[str, Any]:
    """Return the rates and CPU times of both pipelines, round by round and in turn, and the ratios of their medians.

    First without the agent, then with it, then without it and without traces. A warm-up before starts every worker. The
    requests go to the engine without the proxy. Raises BenchFailed.
    """
    with _pass_through(stack):
        pipelines = [_pipeline(stack, PASS_THROUGH, PASS_THROUGH), _pipeline(stack, CHAIN, STACK)]

        def compared(rounds: int) -> dict[str, Any]:
            for pipeline in pipelines:
                pipeline.rate(wishes, clients)
            found = [(each, *_round(each, stack.laptop, wishes, clients)) for _ in range(rounds) for each in pipelines]
            return _compared({each.name: [row[1:] for row in found if row[0] is each] for each in pipelines})

        with agent_suspended(stack):
            alone = compared(rounds)
            with _configured(stack, NO_TRACES):
                untraced = compared(max(1, rounds // 2))
        return {
            "wishes": wishes,
            "clients": clients,
            **alone,
            "with_agent": compared(max(1, rounds // 2)),
            "without_traces": untraced,
        }


def _round(pipeline: Pipeline, laptop: Laptop, wishes: int, clients: int) -> tuple[float, float]:
    """Return the rate of a round, and the CPU time in milliseconds that a wish took in all processes of the stack.

    A process that was started meanwhile does not count: its start takes as long as some hundred wishes.
    """
    before = _cpu_seconds(laptop)
    rate = pipeline.rate(wishes, clients)
    time.sleep(_SETTLES)
    after = _cpu_seconds(laptop)
    used = sum(after[process] - seconds for process, seconds in before.items() if process in after)
    return round(rate, 1), round(1000 * used / wishes, 2)


def _cpu_seconds(laptop: Laptop) -> dict[int, float]:
    """Return the CPU time of each process of the stack, by its id."""
    times = {each.pid: each.cpu_times() for each in laptop.processes() if each.is_running()}
    return {pid: each.user + each.system for pid, each in times.items()}


def _compared(rounds: dict[str, list[tuple[float, ...]]]) -> dict[str, Any]:
    rates, cpu = ({name: [row[n] for row in rows] for name, rows in rounds.items()} for n in (0, 1))
    rate, milliseconds = ({name: round(median(values), 1) for name, values in of.items()} for of in (rates, cpu))
    return {
        "wishes_per_second": rate,
        "cpu_ms": milliseconds,
        "rounds": rates,
        "ratio": round(rate[CHAIN] / rate[PASS_THROUGH], 2),
        "cpu_ratio": round(milliseconds[CHAIN] / milliseconds[PASS_THROUGH], 2),
    }


@contextmanager
def _configured(stack: Stack, variables: dict[str, str]) -> Iterator[None]:
    """Give every function of the chain more variables for a while. Their processes begin anew."""
    functions = stack.aws("lambda")
    before = {
        each["FunctionName"]: each["Environment"]["Variables"]
        for each in functions.list_functions()["Functions"]
        if not each["FunctionName"].startswith(PASS_THROUGH)
    }
    try:
        for name, own in before.items():
            functions.update_function_configuration(FunctionName=name, Environment={"Variables": own | variables})
        yield
    finally:
        for name, own in before.items():
            functions.update_function_configuration(FunctionName=name, Environment={"Variables": own})


@contextmanager
def _pass_through(stack: Stack) -> Iterator[None]:
    """Deploy the pass-through beside the chain, and delete it afterwards."""
    cloudformation = stack.aws("cloudformation")
    cloudformation.create_stack(
        StackName=PASS_THROUGH,
        TemplateBody=_TEMPLATE.read_text(),
        Parameters=[{"ParameterKey": "Code", "ParameterValue": _HANDLERS.read_text()}],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    try:
        cloudformation.get_waiter("stack_create_complete").wait(StackName=PASS_THROUGH, WaiterConfig={"Delay": 0.2})
        yield
    finally:
        cloudformation.delete_stack(StackName=PASS_THROUGH)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=PASS_THROUGH, WaiterConfig={"Delay": 0.2})


@contextmanager
def agent_suspended(stack: Stack) -> Iterator[None]:
    """Suspend the agent: it does what X-Ray and CloudWatch do on AWS, and would take the processor from the chain.

    The watcher, too: it would start another agent in the place of one that does not answer.
    """
    suspended = [psutil.Process(stack.pids[part]) for part in ("watcher", "agent")]
    for each in suspended:
        each.suspend()
    try:
        yield
    finally:
        for each in reversed(suspended):
            each.resume()


def _pipeline(stack: Stack, name: str, stack_name: str) -> Pipeline:
    outputs = describe_stack(stack.aws("cloudformation"), stack_name)[1]
    url = f"{stack.engine}{deploy.stage_path(outputs['ApiUrl'])}/wishes"
    return Pipeline(name, url, outputs["EventStoreName"], stack.aws("dynamodb"), stack.key)
