"""Say what a fault is: which calls or invocations it hits, what it does to them, how long it lives."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

PATH = "/_lastwish/faults"
LONGEST = 3600  # seconds of a fault's life

Service = Literal["frontend", "console", "mission", "parser", "worker", "projector"]
# The first row is done to AWS calls, the second to invocations of functions.
CallKind = Literal[
    "delay", "refuse", "timeout", "lose_answer", "partial", "twice", "kill_before", "kill_after", "skew_clock"
]
InvocationKind = Literal["crash", "slow", "throttle_function"]
Kind = CallKind | InvocationKind
Error = Literal["", "throttle", "unavailable", "access_denied", "expired", "sold_out"]
Seconds = Annotated[float, Field(gt=0, le=LONGEST)]

_NEED_A_DELAY = ("delay", "slow", "skew_clock")
_OF_INVOCATIONS = ("crash", "slow", "throttle_function")


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Fault:
    """A fault. Raises pydantic's ValidationError for one that cannot be.

    `caller` is a service of ours, `proxy` for calls of the API's stage (service `execute-api`), or `*` for each of our
    services; commands and the agent are never hit. `service`, `operation`: as in `dynamodb`, `PutItem`, or `*`.
    `resource` is a whole word of an ARN, e.g. `Pods`, which is not in `PodsDlq`. `delay_ms` is the length of a `delay`
    or `slow`, the longest time that a `timeout` holds a call (0: 30 s), or how far a skewed clock is ahead. `rate` is
    the share of the calls that is hit, drawn from `seed`. `seconds` is its life. `name` is what its marks call it.
    """

    kind: Kind
    caller: Service | Literal["proxy", "*"] = "*"
    service: Annotated[str, Field(pattern=r"^(\*|[a-z][a-z0-9-]{1,40})$")] = "*"
    operation: Annotated[str, Field(pattern=r"^(\*|[A-Z][A-Za-z]{1,60})$")] = "*"
    resource: Annotated[str, Field(pattern=r"^[\w-]{0,100}$")] = ""
    error: Error = ""
    delay_ms: Annotated[int, Field(ge=0, le=LONGEST * 1000)] = 0
    rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    seed: int = 0
    seconds: Seconds = 60.0
    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,60}$")] = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.kind == "refuse") != bool(self.error):
            raise ValueError("refuse, and nothing else, needs an error")
        if self.kind in _NEED_A_DELAY and not self.delay_ms:
            raise ValueError(f"{self.kind} needs delay_ms")
        if self.of_invocations and (self.service, self.operation, self.resource) != ("*", "*", ""):
            raise ValueError(f"{self.kind} is done to invocations: say only their caller")
        if self.of_invocations and self.caller == "proxy":
            raise ValueError("the proxy is no function")
        if self.kind == "skew_clock" and self.caller not in ("frontend", "parser"):
            raise ValueError("only frontend and parser write times into messages")
        return self

    @property
    def of_invocations(self) -> bool:
        """Whether it is done to invocations of a function, not to AWS calls."""
        return self.kind in _OF_INVOCATIONS

    @property
    def label(self) -> str:
        """Its name, or else its kind."""
        return self.name or self.kind


@dataclass(frozen=True)
class Active:
    """A fault that the engine has: how many seconds it still lives, how many calls or invocations it has hit."""

    id: str
    fault: Fault
    seconds_left: float
    hits: int
