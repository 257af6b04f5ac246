"""Match the filter expressions of GetTraceSummaries that Last Wish sends. Any other is refused, never ignored.

`annotation.NAME = "TEXT"` finds the traces of a wish or of a function.
`responsetime > SECONDS OR fault = true OR error = true` finds those that mission control shows.
`http.method = "METHOD" AND http.url ENDSWITH "TEXT"` finds requests.
`(service("NAME") OR service("NAME")) AND (EXPRESSION)` keeps those with a segment of one of these names.
Meaning: "Using filter expressions", X-Ray Developer Guide.
"""

import re
from collections.abc import Callable

from lastwish.local.agent.traces import Summary

Filter = Callable[[Summary], bool]

_ANNOTATED = re.compile(r'annotation\.(\w+) = "([^"\\]*)"')
_SERVICE = r'service\("[^"\\]*"\)'
_OF_SERVICES = re.compile(rf"\((?P<services>{_SERVICE}(?: OR {_SERVICE})*)\) AND \((?P<rest>.*)\)")
_REQUESTED = re.compile(r'http\.method = "([A-Z]+)" AND http\.url ENDSWITH "([^"\\]*)"')
_SLOW_OR_FAILED = re.compile(r"responsetime > (\d+(?:\.\d+)?) OR fault = true OR error = true")


class UnknownFilter(ValueError):  # noqa: N818 - named for what it is
    """A filter expression that the local agent does not know."""


def compile_filter(expression: str) -> Filter:
    """Return the expression as a test of a summary; an empty one accepts every trace. Raises UnknownFilter."""
    if not expression:
        return lambda _trace: True
    of_services = _OF_SERVICES.fullmatch(expression)
    matches = _compile(of_services["rest"] if of_services else expression)
    if matches is None:
        raise UnknownFilter(f"the local agent does not know the filter expression {expression[:100]!r}")
    if of_services is None:
        return matches
    names = set(re.findall(r'"(.*?)"', of_services["services"]))
    return lambda trace: not names.isdisjoint(trace.services) and matches(trace)


def _compile(expression: str) -> Filter | None:
    if match := _ANNOTATED.fullmatch(expression):
        name, text = match.groups()
        return lambda trace: text in trace.annotations.get(name, [])
    if match := _SLOW_OR_FAILED.fullmatch(expression):
        seconds = float(match[1])
        return lambda trace: trace.response_time > seconds or trace.fault or trace.error
    if match := _REQUESTED.fullmatch(expression):
        method, end = match.groups()
        return lambda trace: trace.http.get("HttpMethod") == method and str(trace.http.get("HttpURL")).endswith(end)
    return None
