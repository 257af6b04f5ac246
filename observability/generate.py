"""Write what follows from src/mission/slos.py and this package: observability.yaml, and tables in the docs.

`python -m observability.generate` writes; with --check it only names the files that are out of date, and exits 1.
In the docs each generated part stands between two markers, and the rest of the page is written by hand.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from observability import cloudformation, cost, drills, failures, permissions, tables

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Part:
    """A generated part of a page: the text between ``begin`` and ``end``, which are two whole lines."""

    file: str
    begin: str
    end: str
    text: Callable[[], str]

    def renewed(self, page: str) -> str:
        """Return the page with this part as it should be. Raises ValueError if a marker is missing or there twice."""
        lines = page.split("\n")
        if (lines.count(self.begin), lines.count(self.end)) != (1, 1):
            raise ValueError(f"{self.file} should have these lines once each: {self.begin!r}, {self.end!r}")
        begin, end = lines.index(self.begin), lines.index(self.end)
        return "\n".join([*lines[: begin + 1], self.text(), *lines[end:]])


def _part(page: str, name: str, text: Callable[[], str]) -> Part:
    # Markdown begins again after an empty line.
    begin = f"<!-- generated: {name}, by `make observability` -->"
    return Part(f"docs/{page}.md", begin, f"<!-- end: {name} -->", lambda: f"\n{text()}")


TEMPLATE = "observability.yaml"
PARTS = (
    _part("slo", "objectives", tables.slos),
    _part("slo", "burn rates", tables.burns),
    _part("slo", "quiet hours", tables.enough),
    _part("slo", "alarms", tables.alarms),
    _part("slo", "metrics", tables.metrics),
    _part("slo", "cost", cost.costs),
    _part("failure-modes", "failure modes", failures.table),
    _part("drills", "drills", drills.table),
    _part("permissions", "permissions", permissions.permissions),
)


def renewed(root: Path = ROOT) -> dict[Path, str]:
    """Return each generated file as it should be. Raises ValueError for a missing marker, OSError for a page."""
    files = {root / TEMPLATE: cloudformation.template()}
    for part in PARTS:
        path = root / part.file
        files[path] = part.renewed(files.get(path) or path.read_text())
    return files


def main(arguments: Sequence[str]) -> int:
    """Write the files that are out of date, or with --check name them. Return the exit code."""
    old = {path: text for path, text in renewed().items() if not path.exists() or path.read_text() != text}
    for path, text in old.items():
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)} is out of date: run `make observability`", file=sys.stderr)
        else:
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
    return int("--check" in arguments and bool(old))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
