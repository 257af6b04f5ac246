"""Write the generated parts of docs/performance.md from bench/results.json: `python -m bench.docs`, or `make bench`."""

import json
from typing import Any

from bench.bill import PRICES
from bench.lines import HEADS, lines
from bench.report import RESULTS
from bench.throughput import CHAIN
from lastwish.local.state import ROOT
from observability.generate import Part
from observability.tables import table

PAGE = ROOT / "docs" / "performance.md"
_TOP = 6  # parts of a profile that are shown


def renewed(results: dict[str, Any], page: str) -> str:
    """Return the page with its generated parts as these results have them. Raises ValueError for a missing marker."""
    texts = {"results": _results(results), "bill": _bill(results), "profiles": _profiles(results)}
    for name, text in texts.items():
        begin = f"<!-- generated: {name}, by `make bench` -->"
        page = Part(PAGE.name, begin, f"<!-- end: {name} -->", lambda text=text: f"\n{text}").renewed(page)  # type: ignore[misc]
    return page


def _results(results: dict[str, Any]) -> str:
    rounds, wishes = len(results["throughput"]["rounds"][CHAIN]), results["throughput"]["wishes"]
    cores, python = results["cores"], results["python"]
    made = (
        f"Measured on {results['date']} with {cores} cores, Python {python}, {results['engine']}, "
        f"the pipelines in rounds of {wishes} wishes, {rounds} of each."
    )
    return f"{table(HEADS, [line.cells for line in lines(results)])}\n{made}\n"


def _bill(results: dict[str, Any]) -> str:
    used, cost = results["bill"]["per_wish"], results["bill"]["dollars_per_million"]
    rows = [(name, *(f"{of[name]:g}: ${cost[kind][name]:.2f}" for kind, of in used.items())) for name in PRICES]
    rows.append(("**all**", *(f"**${of['all']:.2f}**" for of in cost.values())))
    return f"{table(('of a wish, and for a million', *used), rows)}\n"


def _profiles(results: dict[str, Any]) -> str:
    """Return the largest parts of each profile: of a cold start in bare starts, and of what else was measured."""
    found: dict[str, dict[str, float]] = {}
    for key, words in (("start_up", "start of"), ("warm", "warm")):
        for name, parts in results.get(key, {}).get("profile", {}).items():
            found[f"{words} {name}"] = parts
    rows = [
        (name, ", ".join(f"{part} {share:.2f}" for part, share in sorted(parts.items(), key=lambda of: -of[1])[:_TOP]))
        for name, parts in found.items()
    ]
    return f"{table(('profile', 'its largest parts'), rows)}\n" if rows else "None in these results.\n"


def write() -> None:
    """Write the page."""
    PAGE.write_text(renewed(json.loads(RESULTS.read_text()), PAGE.read_text()))


if __name__ == "__main__":
    write()
