"""Known sabotages of src and lastwish, each of which the simulation must find: the check of the check.

A sabotage replaces one piece of a module's text while it is imported; the files stay as they are.
"""

import sys
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType
from typing import Any


@dataclass(frozen=True)
class Sabotage:
    """``found`` is part of the violation that must be found; ``histories``: how many it may take."""

    module: str
    text: str
    broken: str
    found: str
    histories: int = 100


SABOTAGES = {
    "an append without a condition": Sabotage(
        "infra.event_store",
        '"attribute_not_exists(#stream)"',
        '"attribute_not_exists(#stream) OR #stream <> commit_id"',
        "",
    ),
    "its own commit is taken for somebody else's": Sabotage(
        "infra.aggregate",
        "return commit if _decision(commit) in map(_decision, store.read(stream)) else None",
        "return None",
        "is held and free",
    ),
    "a lease without a condition": Sabotage(
        "infra.seats", "} <= :{to}_last)", "} <= :{to}_last OR {to} > :{to}_last)", "were leased"
    ),
    "a message is acknowledged though its wish was not stored": Sabotage(
        "infra.consumer",
        "return super().failure_handler(record, exception)",
        'return ("fail", None, record)',
        "was promised",
    ),
    "202 before the send": Sabotage(
        "infra.queues", 'raise QueueUnavailable(f"send: {error_code(error)}") from error', "return", "was promised"
    ),
    "failed entries of a batch are not looked at": Sabotage(
        "infra.queues", 'response.get("Failed", [])', "[]", "was promised"
    ),
    "a redelivered commit is written and counted again": Sabotage(
        "infra.read_model",
        '            "ConditionExpression": _NOT_THERE,\n        }\n        if change.before:',
        "        }\n        if change.before:",
        "the totals are",
    ),
    "reclaim does not wait for the workers": Sabotage(
        "lastwish.maintenance.reclaim", "time.sleep(pause)", "time.sleep(0)", " is held ", 600
    ),
    "erasure forgets to scrub": Sabotage("infra.erasure", "store.scrub(commit)", "pass", "which was erased"),
}


def install(name: str) -> None:
    """Break the module when it is imported, which raises ValueError where its text is not as expected."""
    sabotage = SABOTAGES[name]
    if sabotage.module in sys.modules:
        raise RuntimeError(f"{sabotage.module} is imported already")
    sys.meta_path.insert(0, _Finder(sabotage))


class _Loader(SourceFileLoader):
    """Compiles the broken text, past every cache of bytecode."""

    def __init__(self, fullname: str, path: str, sabotage: Sabotage) -> None:
        super().__init__(fullname, path)
        self._sabotage = sabotage

    def get_source(self, fullname: str) -> str:
        source = super().get_source(fullname) or ""
        if source.count(self._sabotage.text) != 1:
            raise ValueError(f"{fullname} does not hold {self._sabotage.text!r} exactly once")
        return source.replace(self._sabotage.text, self._sabotage.broken)

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.get_source(fullname), self.path, "exec")


class _Finder(MetaPathFinder):
    def __init__(self, sabotage: Sabotage) -> None:
        self._sabotage = sabotage

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname != self._sabotage.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            return None
        return spec_from_file_location(fullname, spec.origin, loader=_Loader(fullname, spec.origin, self._sabotage))
