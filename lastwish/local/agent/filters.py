"""Match the two filter expressions of GetTraceSummaries that Last Wish sends. Any other is refused, never ignored.

`annotation.NAME = "TEXT"` finds the traces of a wish or of a function.
`responsetime > SECONDS OR fault = true OR error = true` finds those that mission control shows.
Meaning: "Using filter expressions", X-Ray Developer Guide.
"""

import re
from collections.abc import Callable

from lastwish.local.agent.traces import Summary

Filter = Callable[[Summary], bool]

_ANNOTATED = re.compile(r'annotation\.(\w+) = "([^"\\]*)"')
_SLOW_OR_FAILED = re.compile(r"responsetime > (\d+(?:\.\d+)?) OR fault = true OR error = true")


class UnknownFilter(ValueError):  # noqa: N818 - named for what it is
    """A filter expression that the local agent does not know."""


def compile_filter(expression: str) -> Filter:
    """Return the expression as a test of a summary; an empty one accepts every trace. Raises UnknownFilter."""
    if not expression:
        return lambda _trace: True
    if match := _ANNOTATED.fullmatch(expression):
        name, text = match.groups()
        return lambda trace: text in trace.annotations.get(name, [])
    if match := _SLOW_OR_FAILED.fullmatch(expression):
        seconds = float(match[1])
        return lambda trace: trace.response_time > seconds or trace.fault or trace.error
    raise UnknownFilter(f"the local agent does not know the filter expression {expression[:100]!r}")
