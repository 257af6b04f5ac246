"""Bounds on the amount of code: growth is a decision, with a record in docs/decisions."""

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support import ROOT

SRC, LASTWISH = ROOT / "src", ROOT / "lastwish"
MOST_LINES_OF_SRC = 2725  # without mission control; 25 for docs/decisions/0039
MOST_LINES_OF_MISSION_CONTROL = 750  # docs/decisions/0029; it only reads: the chain is understood without it
MOST_LINES_OF_LASTWISH = 13_400  # without shipping; docs/decisions/0028, 700 for the model of 0032, 550 for 0036
MOST_LINES_OF_SHIPPING = 2_950  # docs/decisions/0036
MOST_LINES_OF_A_HANDLER = 80
MOST_LINES_OF_A_FILE = 300
MOST_ENTRIES_OF_LASTWISH = 18  # docs/decisions/0036

HANDLERS = sorted(SRC.glob("*/handler.py"))
FILES = sorted(each for folder in ("src", "lastwish", "observability") for each in (ROOT / folder).rglob("*.py"))


def lines_of_code(*paths: Path) -> int:
    """Count the lines that are neither blank, comment nor docstring."""
    return sum(_lines_of_code(path.read_text()) for path in paths)


def _lines_of_code(text: str) -> int:
    docstrings = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            docstrings |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(text.splitlines(), start=1)
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#") and number not in docstrings for number, line in lines
    )


def ids(paths: Iterable[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_the_chain_is_an_evenings_reading() -> None:
    assert lines_of_code(*(path for path in SRC.rglob("*.py") if "mission" not in path.parts)) < MOST_LINES_OF_SRC


def test_mission_control_is_short() -> None:
    assert lines_of_code(*(SRC / "mission").glob("*.py")) < MOST_LINES_OF_MISSION_CONTROL


def test_the_operators_side_stays_as_it_is() -> None:
    assert (
        lines_of_code(*(path for path in LASTWISH.rglob("*.py") if "shipping" not in path.parts))
        < MOST_LINES_OF_LASTWISH
    )


def test_shipping_is_glue() -> None:
    assert lines_of_code(*(LASTWISH / "shipping").rglob("*.py")) < MOST_LINES_OF_SHIPPING


def test_the_operators_side_is_understood_from_its_list_of_files() -> None:
    assert len([each for each in LASTWISH.iterdir() if each.name != "__pycache__"]) <= MOST_ENTRIES_OF_LASTWISH


@pytest.mark.parametrize("handler", HANDLERS, ids=ids(HANDLERS))
def test_a_handler_fits_on_a_screen_or_two(handler: Path) -> None:
    assert len(handler.read_text().splitlines()) < MOST_LINES_OF_A_HANDLER


@pytest.mark.parametrize("file", FILES, ids=ids(FILES))
def test_a_file_is_one_room(file: Path) -> None:
    assert len(file.read_text().splitlines()) < MOST_LINES_OF_A_FILE
