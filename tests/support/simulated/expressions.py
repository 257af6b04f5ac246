"""DynamoDB's condition, update and projection expressions, compiled once.

Source of the grammar: AWS's developer guide, "Condition and filter expressions" and "Update expressions". A path is a
tuple of names and list positions. Values stay in DynamoDB's typed form: ``{"N": "1"}``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from tests.support.simulated.errors import invalid
from tests.support.simulated.values import (
    COMPARED,
    FUNCTIONS,
    Names,
    Path,
    added,
    compare,
    deleted,
    put,
    resolved,
    size,
    value_at,
)

type Item = Mapping[str, Any]
type Test = Callable[[Item, Names, Item], Any]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+\-\[\].]|[:#]?\w+)")


@dataclass(frozen=True)
class Expression[T]:
    """What was compiled, and the placeholders (``#name``, ``:value``) in it."""

    run: T
    placeholders: frozenset[str]


@cache
def condition(text: str) -> Expression[Test]:
    """Compile a condition or a filter."""
    parser = _Parser(text)
    return parser.finished(parser.either())


@cache
def update(text: str) -> Expression[Callable[[Item, Names, Item], dict[str, Any]]]:
    """Compile an update: a function of the old item that returns the new one."""
    parser = _Parser(text)
    actions = parser.sections()

    def run(item: Item, names: Names, values: Item) -> dict[str, Any]:
        new = dict(item)
        for action in actions:
            action(new, item, names, values)
        return new

    return parser.finished(run)


@cache
def projection(text: str) -> Expression[Callable[[Item, Names], dict[str, Any]]]:
    """Compile a list of attributes."""
    parser = _Parser(text)
    wanted = [part.strip() for part in text.split(",")]

    def run(item: Item, names: Names) -> dict[str, Any]:
        found = (names.get(each, each) for each in wanted)
        return {name: item[name] for name in found if name in item}

    parser.skip()
    return parser.finished(run)


def key_condition(text: str, names: Names, values: Item) -> dict[str, tuple[str, Any]]:
    """Return ``{attribute: (operator, value)}`` of a key condition with comparisons only."""
    found = {}
    for part in re.split(r"\s+AND\s+", text):
        name, operator, value = part.split()
        found[names.get(name, name)] = (operator, values[value])
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._tokens = _TOKEN.findall(text)

    def finished(self, run: Any) -> Expression[Any]:
        if self._at != len(self._tokens):
            raise invalid(f"syntax error near {self._tokens[self._at]!r} in {self._text!r}")
        return Expression(run, frozenset(token for token in self._tokens if token[0] in "#:"))

    def skip(self) -> None:
        self._at = len(self._tokens)

    def _accept(self, *words: str) -> str | None:
        if self._at < len(self._tokens) and self._tokens[self._at].upper() in words:
            self._at += 1
            return self._tokens[self._at - 1].upper()
        return None

    def _next(self) -> str:
        if self._at == len(self._tokens):
            raise invalid(f"syntax error at the end of {self._text!r}")
        self._at += 1
        return str(self._tokens[self._at - 1])

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise invalid(f"{word!r} expected in {self._text!r}")

    # --- conditions

    def either(self) -> Test:
        tests = [self._all()]
        while self._accept("OR"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda i, n, v: any(test(i, n, v) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._accept("AND"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda i, n, v: all(test(i, n, v) for test in tests)

    def _one(self) -> Test:
        if self._accept("NOT"):
            test = self._one()
            return lambda i, n, v: not test(i, n, v)
        if self._accept("("):
            test = self.either()
            self._expect(")")
            return test
        name = self._tokens[self._at] if self._at < len(self._tokens) else ""
        if name in FUNCTIONS:
            return self._function()
        left = self._operand()
        if self._accept("BETWEEN"):
            low = self._operand()
            self._expect("AND")
            high = self._operand()
            return lambda i, n, v: (
                compare(">=", left(i, n, v), low(i, n, v)) and compare("<=", left(i, n, v), high(i, n, v))
            )
        if self._accept("IN"):
            choices = self._arguments()
            return lambda i, n, v: any(compare("=", left(i, n, v), choice(i, n, v)) for choice in choices)
        operator, right = self._next(), self._operand()
        if operator not in COMPARED:
            raise invalid(f"no operator: {operator!r} in {self._text!r}")
        return lambda i, n, v: compare(operator, left(i, n, v), right(i, n, v))

    def _function(self) -> Test:
        function = FUNCTIONS[self._next()]
        arguments = self._arguments()
        return lambda i, n, v: function(*(argument(i, n, v) for argument in arguments))

    def _arguments(self) -> list[Test]:
        self._expect("(")
        arguments = [self._operand()]
        while self._accept(","):
            arguments.append(self._operand())
        self._expect(")")
        return arguments

    def _operand(self) -> Test:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ""
        if token == "size":
            self._next()
            [of] = self._arguments()
            return lambda i, n, v: size(of(i, n, v))
        if token.startswith(":"):
            self._next()
            return lambda _i, _n, v: v[token]
        path = self._path()
        return lambda i, n, _v: value_at(i, resolved(path, n))

    def _path(self) -> Path:
        parts: list[str | int] = [self._next()]
        while separator := self._accept(".", "["):
            part = self._next()
            parts.append(int(part) if separator == "[" else part)
            if separator == "[":
                self._expect("]")
        return tuple(parts)

    # --- updates

    def sections(self) -> list[Callable[..., None]]:
        actions: list[Callable[..., None]] = []
        paths: list[Path] = []
        while section := self._accept("SET", "ADD", "DELETE", "REMOVE"):
            while True:
                path = self._path()
                paths.append(path)
                actions.append(self._action(section, path))
                if not self._accept(","):
                    break
        for path in paths:
            if any(other is not path and other[: len(path)] == path for other in paths):
                raise invalid(f"two document paths overlap in {self._text!r}")
        return actions

    def _action(self, section: str, path: Path) -> Callable[..., None]:
        if section == "REMOVE":
            return lambda new, _old, n, _v: put(new, resolved(path, n), None)
        if section == "SET":
            self._expect("=")
            operand = self._sum()
            return lambda new, old, n, v: put(new, resolved(path, n), operand(old, n, v))
        operand = self._operand()
        change = added if section == "ADD" else deleted
        return lambda new, old, n, v: put(
            new, resolved(path, n), change(value_at(old, resolved(path, n)), operand(old, n, v))
        )

    def _sum(self) -> Test:
        left = self._set_operand()
        while sign := self._accept("+", "-"):
            one, right, factor = left, self._set_operand(), 1 if sign == "+" else -1

            def left(i: Item, n: Names, v: Item, one: Any = one, right: Any = right, factor: int = factor) -> Any:
                return {"N": str(Decimal(one(i, n, v)["N"]) + factor * Decimal(right(i, n, v)["N"]))}

        return left

    def _set_operand(self) -> Test:
        if self._tokens[self._at] == "if_not_exists":
            self._next()
            there, default = self._arguments()
            return lambda i, n, v: default(i, n, v) if there(i, n, v) is None else there(i, n, v)
        return self._operand()
