"""What somebody reads in an evening stays that small."""

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent.parent / "src"
MOST_LINES_OF_CODE = 2500
MOST_LINES_OF_A_HANDLER = 80


def lines_of_code(path: Path) -> int:
    """Lines that are neither blank, comment nor docstring."""
    text = path.read_text()
    said = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            said |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(text.splitlines(), start=1)
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#") and number not in said for number, line in lines
    )


def test_all_functions_together_are_an_evenings_reading() -> None:
    assert sum(lines_of_code(path) for path in SRC.rglob("*.py")) < MOST_LINES_OF_CODE


@pytest.mark.parametrize("handler", sorted(SRC.glob("*/handler.py")), ids=lambda path: path.parent.name)
def test_a_handler_fits_on_a_screen_or_two(handler: Path) -> None:
    assert len(handler.read_text().splitlines()) < MOST_LINES_OF_A_HANDLER
