"""Filter expressions of GetTraceSummaries, as far as they are used here; what is not known is refused, never ignored.

`annotation.wish_id = "…" AND (fault = true OR error OR responsetime > 1)`. Grammar: "Using filter expressions", X-Ray
Developer Guide.
"""

import operator
import re
from collections.abc import Callable
from typing import Any

from lastwish.local.agent.traces import Summary

Test = Callable[[Summary], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<op>!=|<=|>=|[=<>()])"""
    r"""|(?P<word>[A-Za-z_][\w.]*(?:\[\w+\])?))"""
)
_ANNOTATION = re.compile(r"annotation(?:\.(\w+)|\[(\w+)\])")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_FLAGS: dict[str, Test] = {
    "fault": lambda trace: trace.fault,
    "error": lambda trace: trace.error,
    "throttle": lambda trace: trace.throttle,
    "partial": lambda trace: trace.partial,
}
_NUMBERS: dict[str, Callable[[Summary], float]] = {
    "responsetime": lambda trace: trace.response_time,
    "duration": lambda trace: trace.duration,
}


class Refused(ValueError):  # noqa: N818 - named for what happened
    """An expression that is not understood."""


def compiled(expression: str) -> Test:
    """The expression as a test of a summary; an empty one lets everything through. Raises Refused."""
    if not expression.strip():
        return lambda _trace: True
    reader = _Reader(_tokens(expression))
    test = reader.either()
    if reader.rest:
        raise Refused(f"cannot read the filter expression from {reader.rest[0][1]!r} on")
    return test


def _tokens(expression: str) -> list[tuple[str, str]]:
    tokens, at, text = [], 0, expression.rstrip()
    while at < len(text):
        if not (found := _TOKEN.match(text, at)) or not found.lastgroup:
            raise Refused(f"cannot read the filter expression from {text[at:][:20]!r} on")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    return tokens


class _Reader:
    """Recursive descent; AND binds closer than OR."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.rest = tokens

    def either(self, depth: int = 0) -> Test:
        tests = [self._both(depth)]
        while self._accept("or"):
            tests.append(self._both(depth))
        return lambda trace: any(test(trace) for test in tests)

    def _both(self, depth: int) -> Test:
        tests = [self._one(depth)]
        while self._accept("and"):
            tests.append(self._one(depth))
        return lambda trace: all(test(trace) for test in tests)

    def _one(self, depth: int) -> Test:
        kind, word = self._take()
        if word == "(" and depth < 20:
            test = self.either(depth + 1)
            if self._take()[1] != ")":
                raise Refused("a parenthesis is not closed")
            return test
        if kind != "word":
            raise Refused(f"cannot read {word!r} in the filter expression")
        if self.rest and self.rest[0][1] in _COMPARISONS:
            compare = _COMPARISONS[self._take()[1]]
            return _comparison(word, compare, self._value())
        if word in _FLAGS:
            return _FLAGS[word]
        raise Refused(f"{word} is not a keyword that stands alone")

    def _value(self) -> str | float | bool:
        kind, said = self._take()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", said[1:-1])
        if kind == "number":
            return float(said)
        if said.lower() in ("true", "false"):
            return said.lower() == "true"
        raise Refused(f"{said!r} is no value")

    def _accept(self, word: str) -> bool:
        if self.rest and self.rest[0][1].lower() == word:
            self._take()
            return True
        return False

    def _take(self) -> tuple[str, str]:
        if not self.rest:
            raise Refused("the filter expression ends too early")
        return self.rest.pop(0)


def _comparison(word: str, compare: Callable[[Any, Any], bool], value: str | float | bool) -> Test:
    if word in _FLAGS and isinstance(value, bool) and compare in (operator.eq, operator.ne):
        flag = _FLAGS[word]
        return lambda trace: compare(flag(trace), value)
    if word in _NUMBERS and isinstance(value, float):
        number = _NUMBERS[word]
        return lambda trace: compare(number(trace), value)
    if found := _ANNOTATION.fullmatch(word):
        key = found[1] or found[2]
        return lambda trace: any(
            isinstance(each, str) == isinstance(value, str) and compare(each, value)
            for each in trace.annotations.get(key, [])
        )
    raise Refused(f"{word} cannot be compared with {value!r} here")
