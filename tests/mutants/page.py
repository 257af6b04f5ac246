"""Write the table in docs/mutants.md: `python -m tests.mutants.page`."""

from observability.generate import Part
from tests.mutants.table import MUTANTS
from tests.support import ROOT

PAGE = ROOT / "docs" / "mutants.md"


def table() -> str:
    """Return the mutants as a table in Markdown."""
    rows = [
        f"| {mutant.name} | {mutant.breaks} | [{mutant.file}](../{mutant.file}) | {_test(mutant.test)} |"
        for mutant in MUTANTS
    ]
    head = ["", f"{len(MUTANTS)} mutants:", "", "| mutant | what breaks | in | caught by |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _test(node: str) -> str:
    function, _, example = node.partition("[")
    file, *_, name = function.split("::")
    words = [name.removeprefix("test_").replace("_", " "), *filter(None, [example.rstrip("]")])]
    return f"[{': '.join(words)}](../{file})"


PART = Part("docs/mutants.md", "<!-- generated: mutants, by `make mutants` -->", "<!-- end: mutants -->", table)

if __name__ == "__main__":
    PAGE.write_text(PART.renewed(PAGE.read_text()))
