"""What an operator's command works on: the tables, queues and functions of one stack, here or on AWS."""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from domain.events import Destination
from infra.event_store import EventStore
from infra.read_model import ReadModel
from infra.seats import Seats
from lastwish.aws.clients import plain_errors
from lastwish.errors import AwsError
from lastwish.site import Site

SEGMENTS = 4
# Lambda ends an invocation at its timeout; clocks and the last write on its way get a little more.
MARGIN = 2.0
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)

type Item = dict[str, Any]


@dataclass(frozen=True)
class Stores:
    """``outputs`` are the template's; ``function_names`` are physical names by logical id."""

    dynamodb: Any
    sqs: Any
    functions: Any
    outputs: dict[str, str]
    function_names: dict[str, str]

    @cached_property
    def events(self) -> EventStore:
        """The event store, through the functions' own adapter."""
        return EventStore(self.dynamodb, self.table("EventStore"))

    @cached_property
    def read_model(self) -> ReadModel:
        """The read model, through the functions' own adapter."""
        return ReadModel(self.dynamodb, self.table("ReadModel"))

    @cached_property
    def seats(self) -> Seats:
        """The seats. Their capacity is what the worker has in its environment."""
        variables = self._configuration("WorkerFunction")["Environment"]["Variables"]
        capacity: dict[Destination, int] = {
            "mars": int(variables["MARS_SEATS"]),
            "jupiter": int(variables["JUPITER_SEATS"]),
        }
        return Seats(self.dynamodb, self.table("Seats"), capacity)

    def table(self, name: str) -> str:
        """Physical name of a table. Raises AwsError when the stack has none: it is older than this command."""
        return self._output(f"{name}Name")

    def queue(self, name: str) -> str:
        """URL of a queue. Raises AwsError."""
        return self._output(f"{name}Url")

    def timeout(self, function: str) -> float:
        """Seconds after which no invocation that runs now can still run."""
        return float(self._configuration(function)["Timeout"]) + MARGIN

    def waiting(self, *queues: str) -> int:
        """Messages in these queues: visible, being worked on, or delayed. SQS counts approximately."""
        found = 0
        for name in queues:
            answer = self.sqs.get_queue_attributes(QueueUrl=self.queue(name), AttributeNames=list(_COUNTS))
            found += sum(int(answer["Attributes"].get(each, 0)) for each in _COUNTS)
        return found

    def scan(self, table: str, **arguments: Any) -> Iterator[list[Item]]:
        """Every page of a table, read consistently in parallel segments, one page ahead of who takes them."""
        paginator = self.dynamodb.get_paginator("scan")
        segments = [
            iter(
                paginator.paginate(
                    TableName=self.table(table),
                    ConsistentRead=True,
                    Segment=segment,
                    TotalSegments=SEGMENTS,
                    **arguments,
                )
            )
            for segment in range(SEGMENTS)
        ]
        with ThreadPoolExecutor(SEGMENTS) as readers:
            reading = {readers.submit(next, segment, None): segment for segment in segments}
            while reading:
                for done in wait(reading, return_when=FIRST_COMPLETED).done:
                    segment = reading.pop(done)
                    if page := done.result():
                        reading[readers.submit(next, segment, None)] = segment
                        yield page["Items"]

    def items(self, table: str, **arguments: Any) -> list[Item]:
        """Every item of a table, as ``scan``."""
        return list(chain.from_iterable(self.scan(table, **arguments)))

    def _configuration(self, function: str) -> Any:
        with plain_errors():
            return self.functions.get_function_configuration(FunctionName=self.function_names[function])

    def _output(self, name: str) -> str:
        if name not in self.outputs:
            raise AwsError(f"the stack has no output {name}: deploy the template of this version first")
        return self.outputs[name]


def stores(site: Site) -> Stores:
    """Return the stores of a stack. Raises AwsError."""
    functions = site.physical_ids("AWS::Lambda::Function")
    return Stores(site.client("dynamodb"), site.client("sqs"), site.client("lambda"), site.outputs, functions)
