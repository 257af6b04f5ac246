"""The two reviews: every question is there, answered, shown by something that exists, with what is missing.

Commands and links of both pages are tried in test_runbooks.py.
"""

import re

import pytest

from tests.support import ROOT

# How many questions each pillar has: the framework of 2024-11-06, the Serverless Applications Lens of 2022-07-14.
PILLARS = {"OPS": 11, "SEC": 11, "REL": 13, "PERF": 5, "COST": 11, "SUS": 6}
LENS = {"Lens OPS": 2, "Lens SEC": 3, "Lens REL": 2, "Lens PERF": 1, "Lens COST": 1}
FACTORS = {"": 15}
REVIEWS = {"well-architected": PILLARS | LENS, "twelve-factor": FACTORS}

each_review = pytest.mark.parametrize("name", REVIEWS)


def page(name: str) -> str:
    return (ROOT / f"docs/{name}.md").read_text()


def rows(text: str) -> list[list[str]]:
    """Return the cells of each row that begins with an id in bold: question, answer, shown by, missing."""
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:4] == "| **"]


def faults(text: str, columns: int) -> list[str]:
    """Return what is wrong with the rows of a review."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    found = []
    for first, *cells in rows(text):
        if len(cells) != columns - 1 or not all(cells):
            found.append(f"{first}: a cell is empty or missing")
        elif not re.search(r"\]\(|`(lastwish|make) ", cells[-2]):
            found.append(f"{first}: nothing shows it")
    for test, path in re.findall(r"\[`(test_\w+)`\]\(\.\./([^)]+)\)", text):
        if f"\ndef {test}(" not in (ROOT / path).read_text():
            found.append(f"{path} has no {test}")
    return found + [f"no make {each}" for each in re.findall(r"`make ([a-z-]+)", text) if each not in targets]


@each_review
def test_every_question_is_there_once_in_its_order(name: str) -> None:
    ids = [re.findall(r"\*\*(.+?)\*\*", row[0])[0] for row in rows(page(name))]
    assert ids == [f"{pillar} {n}".strip() for pillar, most in REVIEWS[name].items() for n in range(1, most + 1)]


@each_review
def test_each_is_answered_shown_by_what_exists_and_says_what_is_missing(name: str) -> None:
    text = page(name)
    header = next(line for line in text.splitlines() if line.endswith("| our answer | shown by | missing |"))
    assert faults(text, header.count(" | ") + 1) == []


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("| **OPS 1** Why? | So. | `make check` |  |", "a cell is empty or missing"),
        ("| **OPS 1** Why? | So. | we say so | nothing known |", "nothing shows it"),
        ("| **OPS 1** Why? | So. | `make sure` | nothing known |", "no make sure"),
        ("| **OPS 1** Why? | So. | [`test_it`](../tests/repository/test_size.py) | nothing known |", "has no test_it"),
    ],
)
def test_a_row_that_shows_nothing_is_found_out(row: str, fault: str) -> None:
    [found] = faults(row, 4)
    assert fault in found
