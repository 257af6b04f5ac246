"""Find the metrics that src/ emits, in the arguments of count, count_by, measure and Powertools in its source."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.support import ROOT

SRC = ROOT / "src"
EMITTERS = {"count", "count_by", "measure", "add_metric", "single_metric"}
A_NAME = re.compile(r"[A-Z][A-Za-z]+")  # CamelCase: a key such as "json" is none


@cache
def emitted_by(service: str) -> frozenset[str]:
    """Return the metrics of the modules that a function's handler imports, directly or not."""
    found = {name for module in _reached(SRC / service / "handler.py") for name in names(module.read_text())}
    return frozenset(found | {"ColdStart"})  # log_metrics(capture_cold_start_metric=True) of each handler


def names(source: str) -> set[str]:
    """Return the names that a module passes to an emitter, as literals or in a variable."""
    tree = ast.parse(source)
    arguments = [name for call in _calls(tree) for name in call]
    assigned = {node.id for node in arguments if isinstance(node, ast.Name)}
    values = [
        each.value
        for each in ast.walk(tree)
        if isinstance(each, ast.Assign) and any(isinstance(to, ast.Name) and to.id in assigned for to in each.targets)
    ]
    return {
        node.value
        for part in [*arguments, *values]
        for node in ast.walk(part)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and A_NAME.fullmatch(node.value)
    }


def _calls(tree: ast.AST) -> Iterator[list[ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", None)) in EMITTERS:
            yield [*node.args[:1], *(each.value for each in node.keywords if each.arg == "name")]


def _reached(module: Path) -> set[Path]:
    reached, new = set[Path](), {module}
    while new:
        reached |= new
        new = {found for each in new for found in _imports(each)} - reached
    return reached


def _imports(module: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            package = SRC.joinpath(*node.module.split("."))
            candidates = [package.with_suffix(".py"), *(package / f"{name.name}.py" for name in node.names)]
            yield from (each for each in candidates if each.exists())
