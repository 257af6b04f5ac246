"""What would be cheaper: one rule each, with its source, and what it would have saved. Pure.

A rule that needs what is not measured says nothing. Savings are upper bounds: rules are not independent.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lastwish.observe import prices
from lastwish.observe.usage import Function, Usage

_SPARE = 1.25  # of the most memory that was used
_STEP_MB, _LEAST_MB = 64, 128
_FULL_BATCH = 10
_CACHED = 0.9  # of the requests for pages, files, feed and totals (docs/caching.md)
_OF_A_WISH = 7  # requests that are not: the wish, its receipt and five more looks at it (bench/caching.py)
_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"


@dataclass(frozen=True, slots=True)
class Advice:
    """``about`` is a function or a part of the stack, ``dollars`` what would have been saved."""

    rule: str
    about: str
    do: str
    but: str
    dollars: float
    source: str


def advice(usage: Usage) -> list[Advice]:
    """Return what all rules say, the largest saving first."""
    found = [each for rule in RULES for each in rule(usage) if each.dollars > 0]
    return sorted(found, key=lambda each: -each.dollars)


def gb_seconds(function: Function) -> float:
    """Return what Lambda charges the time of all invocations by."""
    return function.seconds * function.memory_mb / 1024


def _memory(usage: Usage) -> Iterator[Advice]:
    """Half of the memory or more was never used."""
    for each in usage.functions:
        if each.used_mb and each.used_mb * 2 <= each.memory_mb:
            better = max(_LEAST_MB, math.ceil(each.used_mb * _SPARE / _STEP_MB) * _STEP_MB)
            do = f"MemorySize {better}: at most {each.used_mb} of {each.memory_mb} MB used"
            but = "the processor's share shrinks too: measure the time, for instance with AWS Lambda Power Tuning"
            saved = _time(each) * (1 - better / each.memory_mb)
            yield Advice("memory", each.service, do, but, saved, f"{_GUIDE}/configuration-memory.html")


def _arm64(usage: Usage) -> Iterator[Advice]:
    """A GB-second costs a fifth less on arm64."""
    used = sum(gb_seconds(each) for each in usage.functions if each.architecture == "x86_64")
    if used:
        saved = used * (prices.LAMBDA_GB_SECOND["x86_64"] - prices.LAMBDA_GB_SECOND["arm64"])
        but = "build for it: make build ARCH=arm64"
        yield Advice("arm64", "functions", "Architecture=arm64", but, saved, "https://aws.amazon.com/lambda/pricing/")


def _window(usage: Usage) -> Iterator[Advice]:
    """More messages come within a second than a batch holds, even if those periods were busy throughout."""
    for each in usage.functions:
        size, rate = (each.records or 0) / each.invocations, (each.records or 0) / (usage.busy_s or math.inf)
        if each.records and (better := min(_FULL_BATCH, rate)) > size:
            saved = (each.invocations - each.records / better) * (prices.LAMBDA_REQUEST + 2 * prices.SQS_REQUEST)
            do = f"QueueWindowSeconds=1: batches of {better:.1f} messages in place of {size:.1f}"
            but = "a wish waits up to a second longer in each queue"
            yield Advice("window", each.service, do, but, saved, f"{_GUIDE}/services-sqs-parameters.html")


def _cdn(usage: Usage) -> Iterator[Advice]:
    """A cache answers for most requests, and CloudFront takes less for each than API Gateway and a function."""
    answered = _CACHED * (usage.count("requests") - _OF_A_WISH * usage.count("accepted"))
    time = sum(_time(each) / each.invocations for each in usage.functions if each.service == "frontend")
    saved = answered * (prices.REST_REQUEST + prices.LAMBDA_REQUEST + time)
    saved -= usage.count("requests") * prices.EDGE_REQUEST
    if not usage.behind_cdn:
        but = "CloudFront takes its price for every request: it is in this figure"
        yield Advice("cdn", "api", "Cdn=true", but, saved, "https://aws.amazon.com/cloudfront/pricing/")


def _time(function: Function) -> float:
    """Return the dollars for the time of all invocations."""
    return gb_seconds(function) * prices.LAMBDA_GB_SECOND[function.architecture]


RULES: tuple[Callable[[Usage], Iterator[Advice]], ...] = (_memory, _arm64, _window, _cdn)
