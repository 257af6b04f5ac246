"""Tables, queues and functions of one stack, as the maintenance commands use them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from domain.commit import Commit, wish_of
from domain.errors import UnreadableCommit
from domain.events import DESTINATIONS
from infra.event_store import EventStore, commit_of
from infra.seats import Seats
from lastwish.aws.clients import messages_in, plain_errors
from lastwish.aws.generations import GenerationStore
from lastwish.aws.scan import Item, scan
from lastwish.errors import AwsError
from lastwish.site import Site

# Lambda ends an invocation at its timeout; clocks and the last write on its way get a little more.
MARGIN = 2.0


@dataclass(frozen=True)
class Stores:
    """``outputs`` are the template's; ``function_names`` are physical names by logical id.

    ``peek`` gives the bodies of a queue's messages by its URL, and changes nothing; None where nobody can.
    """

    dynamodb: Any
    sqs: Any
    functions: Any
    outputs: dict[str, str]
    function_names: dict[str, str]
    peek: Callable[[str], list[str]] | None = None

    @cached_property
    def events(self) -> EventStore:
        """Event store, through the functions' own adapter."""
        return EventStore(self.dynamodb, self.table("EventStore"))

    @cached_property
    def read_model(self) -> GenerationStore:
        """Read model, through the functions' own adapter."""
        return GenerationStore(self.dynamodb, self.table("ReadModel"))

    @cached_property
    def seats(self) -> Seats:
        """Seats, with the capacity that the worker has in its environment."""
        variables = self.variables("WorkerFunction")
        capacity = {each: int(variables[f"{each.upper()}_SEATS"]) for each in DESTINATIONS}
        return Seats(self.dynamodb, self.table("Seats"), capacity)

    def table(self, name: str) -> str:
        """Return the physical name of a table. Raises AwsError where the stack has none: it is too old."""
        return self._output(f"{name}Name")

    def queue(self, name: str) -> str:
        """Return the URL of a queue. Raises AwsError."""
        return self._output(f"{name}Url")

    def variables(self, function: str) -> dict[str, str]:
        """Return a function's environment."""
        return dict(self._configuration(function)["Environment"]["Variables"])

    def timeout(self, function: str) -> float:
        """Return the seconds after which no invocation that runs now can still run."""
        return float(self._configuration(function)["Timeout"]) + MARGIN

    def waiting(self, *queues: str) -> int:
        """Count the messages in these queues: visible, in flight or delayed. SQS counts approximately."""
        return sum(messages_in(self.sqs, self.queue(name)) for name in queues)

    def commits(self) -> Iterator[Item]:
        """Yield every item of the event store, in no order."""
        for page in scan(self.dynamodb, self.table("EventStore")):
            yield from page

    def readable(self, unreadable: list[UnreadableCommit]) -> Iterator[tuple[Item, Commit]]:
        """Yield every item of the event store with its commit, in no order, and add what cannot be read to the list."""
        for item in self.commits():
            try:
                yield item, commit_of(item)
            except UnreadableCommit as error:
                unreadable.append(error)

    def _configuration(self, function: str) -> Any:
        with plain_errors():
            return self.functions.get_function_configuration(FunctionName=self.function_names[function])

    def _output(self, name: str) -> str:
        if name not in self.outputs:
            raise AwsError(f"the stack has no output {name}: deploy the template of this version first")
        return self.outputs[name]


def names_of(unreadable: Iterable[UnreadableCommit]) -> list[dict[str, object]]:
    """Return the commits that a command could not read as JSON objects."""
    return [{"wish_id": wish_of(each.stream), "version": each.version, "reason": each.reason} for each in unreadable]


def stores(site: Site) -> Stores:
    """Return the stores of a stack. Raises AwsError."""
    functions = site.physical_ids("AWS::Lambda::Function")
    clients = (site.client("dynamodb"), site.client("sqs"), site.client("lambda"))
    return Stores(*clients, site.outputs, functions, site.peek)
