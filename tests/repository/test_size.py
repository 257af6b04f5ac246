"""What somebody reads in an evening stays that small."""

import ast
from pathlib import Path

import pytest

from tests.support import ROOT

SRC = ROOT / "src"
MOST_LINES_OF_CODE = 2700
MOST_LINES_OF_MISSION_CONTROL = 450  # it only looks: the chain is understood without it
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


def test_all_that_takes_keeps_and_shows_wishes_is_an_evenings_reading() -> None:
    paths = [path for path in SRC.rglob("*.py") if "mission" not in path.parts]
    assert sum(lines_of_code(path) for path in paths) < MOST_LINES_OF_CODE


def test_mission_control_is_a_short_one() -> None:
    assert sum(lines_of_code(path) for path in (SRC / "mission").glob("*.py")) < MOST_LINES_OF_MISSION_CONTROL


@pytest.mark.parametrize("handler", sorted(SRC.glob("*/handler.py")), ids=lambda path: path.parent.name)
def test_a_handler_fits_on_a_screen_or_two(handler: Path) -> None:
    assert len(handler.read_text().splitlines()) < MOST_LINES_OF_A_HANDLER
