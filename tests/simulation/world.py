"""One history's AWS: tables, queues, Lambda's environments, and what the history keeps account of."""

import importlib
import os
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from random import Random
from types import CodeType
from typing import Any

import infra.aws
import infra.read_model
from lastwish.maintenance.stores import Stores
from tests.simulation.clients import Client, Functions
from tests.simulation.faults import Faults
from tests.simulation.scheduler import Process, Scheduler
from tests.simulation.seams import Seams
from tests.support import template
from tests.support.simulated import stack
from tests.support.simulated.dynamodb import DynamoDB
from tests.support.simulated.sqs import Sqs

FUNCTIONS = ("frontend", "parser", "worker", "projector", "console")
START = 2_366_841_600.0  # 2045-01-01
_SKEWS = (0.0, 0.0, -200.0, -30.0, 30.0, 200.0, 600.0)  # seconds
_IDLE = 3  # environments of a function that are kept


@dataclass
class Environment:
    """One sandbox of Lambda: the handler's module as a cold start makes it, and a clock of its own."""

    function: str
    module: dict[str, Any]
    skew: float


@dataclass
class Context:
    """As much of Lambda's context as our functions read."""

    scheduler: Scheduler
    deadline: float
    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:function"
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"

    def get_remaining_time_in_millis(self) -> int:
        """Return the time until Lambda ends the invocation."""
        return int((self.deadline - self.scheduler.now) * 1000)


@dataclass
class World:
    """Everything of one history. ``capacity`` is what the last deploy set; ``lines`` is the trace, if one is wanted."""

    scheduler: Scheduler
    random: Random
    faults: Faults
    seams: Seams
    capacity: dict[str, int]
    wall_delay: int
    tracing: bool = False
    calls: int = 0
    tokens: int = 0
    running: int = 0
    promised: list[str] = field(default_factory=list)
    unanswered: int = 0
    unreadable: set[str] = field(default_factory=set)
    erased_too_early: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    walls: dict[str, set[str]] = field(default_factory=dict)
    most_capacity: dict[str, int] = field(default_factory=dict)
    idle: dict[str, list[Environment]] = field(default_factory=lambda: {name: [] for name in FUNCTIONS})

    def __post_init__(self) -> None:
        clock = lambda: self.scheduler.now  # noqa: E731
        self.most_capacity = dict(self.capacity)
        self.sqs = Sqs(clock, self.random)
        self.dynamodb = DynamoDB(clock, self.random if self.faults.is_on("stale") else None)
        self.dynamodb.page = self.random.choice((2, 5, 20))
        self.urls = stack.create(self.dynamodb, self.sqs)
        self.services = {"dynamodb": self.dynamodb, "sqs": self.sqs}
        self.shows_queues = self.random.random() < 0.5  # as here, or as on AWS
        # A history has tens of entries: in small buckets they reach many a border. Drawn from a copy, so that each seed
        # is the history that it was before there were buckets: some of them are known to find a sabotage.
        infra.read_model.BUCKET = self.bucket = copy(self.random).choice((2, 5, 100))
        # In half of the histories a destination is open or closed for each parser anew: rules change while messages
        # travel, and a wish that is delivered again may be judged otherwise.
        self.closed = copy(self.random).choice((("",), ("", "", "mars", "jupiter")))
        self._pace = 10 ** self.random.uniform(-3, -0.3)  # seconds for an ordinary call, at most

    # --- what clients ask

    def latency(self) -> float:
        """Return the seconds that a call takes."""
        return self.random.random() * self._pace

    def is_fatal(self, process: Process) -> bool:
        """Return whether the process is killed at this call."""
        return process.dies_at == process.calls and not self.faults.calm

    def trace(self, process: Process | str, operation: str, p: Any, outcome: str) -> None:
        """Add a line to the trace."""
        if self.tracing:
            name = process if isinstance(process, str) else process.name
            line = f"{self.scheduler.now - START:10.3f}  {name:14}  {operation:28}  {outcome:22}  {_short(p)}"
            self.lines.append(line)

    def timeout(self, function: str) -> float:
        """Return the seconds after which Lambda ends a function."""
        return _timeouts()[function]

    # --- Lambda

    def invoke(self, function: str, event: dict[str, Any], ended: Callable[[Any], None]) -> None:
        """Run a function in one of its environments. ``ended`` gets its answer, or the exception that ended it."""
        cold = not self.idle[function] or self.faults.strikes("cold")
        environment = self._cold_start(function) if cold else self._warm(function)
        deadline = self.scheduler.now + self.timeout(function)
        process = self.process(f"{function}{len(self.processes)}", skew=environment.skew, deadline=deadline)
        handler, context = environment.module["handler"], Context(self.scheduler, deadline)
        self.running += 1

        def is_over(result: Any) -> None:
            self.running -= 1
            if not process.dead and len(self.idle[function]) < _IDLE:
                self.idle[function].append(environment)
            if self.tracing and isinstance(result, BaseException):
                self.trace(process, "ended", "", repr(result))
            process.tasks.clear()
            ended(result)

        self.scheduler.start(process, lambda: handler(event, context), is_over)

    def _warm(self, function: str) -> Environment:
        return self.idle[function].pop(self.random.randrange(len(self.idle[function])))

    def _cold_start(self, function: str) -> Environment:
        os.environ.update({f"{name.upper()}_SEATS": str(seats) for name, seats in self.capacity.items()})
        os.environ.update(
            {f"{name}_URL": self.urls[logical] for name, logical in _URLS.items()},
            DEAD_LETTER_URLS=",".join(self.urls[name] for name in ("InboxDlq", "PodsDlq", "Parked")),
            WALL_DELAY=str(self.wall_delay),
            CLOSED_DESTINATIONS=copy(self.random).choice(self.closed),
        )
        _clients.world = self
        module: dict[str, Any] = {"__name__": f"{function}.handler"}
        exec(_code(function), module)
        if "datetime" in module:
            module["datetime"] = self.seams.datetime()
        skew = self.random.choice(_SKEWS) if self.faults.is_on("skew") else 0.0
        return Environment(function, module, skew)

    def deploy(self, capacity: dict[str, int]) -> None:
        """Change the parameters: environments that are busy go on with the old ones."""
        self.capacity = capacity
        self.most_capacity = {name: max(seats, self.most_capacity[name]) for name, seats in capacity.items()}
        for idle in self.idle.values():
            idle.clear()

    # --- operators

    def process(self, name: str, **more: Any) -> Process:
        """Return a new process."""
        process = Process(name, **more)
        self.processes.append(process)
        return process

    def stores(self) -> Stores:
        """Return what the operator's commands work on."""
        outputs = {f"{name}Name": name for name in stack.TABLES} | {f"{k}Url": url for k, url in self.urls.items()}
        functions = {"WorkerFunction": "worker", "ProjectorFunction": "projector"}
        clients = Client(self, "dynamodb", 4, 30.0), Client(self, "sqs", 4, 30.0), Functions(self)
        return Stores(*clients, outputs, functions, self._peek if self.shows_queues else None)

    def _peek(self, url: str) -> list[str]:
        """Return the bodies of a queue, as the local engine shows them."""
        return [letter.body for letter in self.sqs.queues[url].letters.values()]


class _Clients:
    """The factory of ``infra.aws``: clients of the history that runs."""

    world: World

    def make(self, service: str, read_timeout: float = 1) -> Client:
        return Client(self.world, service, 3, float(read_timeout))


_clients = _Clients()
_URLS = {
    "INBOX": "Inbox",
    "INBOX_DLQ": "InboxDlq",
    "PODS": "Pods",
    "PODS_DLQ": "PodsDlq",
    "PROJECTOR_DLQ": "ProjectorDlq",
}
_compiled: dict[str, CodeType] = {}
_known_timeouts: dict[str, float] = {}


def prepare() -> None:
    """Set the environment and import everything, before the first history."""
    os.environ.update(
        AWS_DEFAULT_REGION="us-east-1",
        POWERTOOLS_METRICS_NAMESPACE="LastWish/simulation",
        POWERTOOLS_SERVICE_NAME="simulation",
        POWERTOOLS_METRICS_DISABLED="true",
        POWERTOOLS_TRACE_DISABLED="true",
        POWERTOOLS_LOG_LEVEL="CRITICAL",
        **{f"{name}_URL": name for name in _URLS},
        DEAD_LETTER_URLS="",
        EVENT_STORE="EventStore",
        READ_MODEL="ReadModel",
        SEATS="Seats",
        MARS_SEATS="0",
        JUPITER_SEATS="0",
        CLOSED_DESTINATIONS="",
        HELD_WORDS="",
        PARAMETER_PATH="",
        WALL_DELAY="0",
        PUBLIC_URL="",
        USER_POOL="pool",
        USER_POOL_CLIENT="client",
    )
    infra.aws.client = _clients.make
    for function in FUNCTIONS:
        _code(function)


def _code(function: str) -> CodeType:
    if function not in _compiled:
        _clients.world = None  # type: ignore[assignment]
        spec = importlib.import_module(f"{function}.handler").__spec__
        loader: Any = spec.loader if spec else None
        _compiled[function] = loader.get_code(f"{function}.handler")
    return _compiled[function]


def _timeouts() -> dict[str, float]:
    if not _known_timeouts:
        document = template.load()
        default = document["Globals"]["Function"]["Timeout"]
        for function in FUNCTIONS:
            properties = document["Resources"][f"{function.capitalize()}Function"]["Properties"]
            _known_timeouts[function] = float(properties.get("Timeout", default))
    return _known_timeouts


def _short(p: Any) -> str:
    if not isinstance(p, dict):
        return str(p)
    parts = []
    for name in (
        "Key",
        "Item",
        "UpdateExpression",
        "TransactItems",
        "RequestItems",
        "Entries",
        "QueueUrl",
        "MessageBody",
    ):
        if name in p:
            parts.append(f"{name}={str(p[name]).rpartition('/')[2] if name == 'QueueUrl' else str(p[name])[:240]}")
    return " ".join(parts)
