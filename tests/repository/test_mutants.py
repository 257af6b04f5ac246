"""The mutants fit the code, the runner tells a caught one from one that survives, and a few are tried."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.domain import change_of
from tests.mutants.equivalent import EQUIVALENT, Equivalent
from tests.mutants.mutant import Mutant, NotApplicable
from tests.mutants.page import PAGE, PART
from tests.mutants.table import MUTANTS
from tests.mutants.trial import try_all
from tests.support import ROOT

# Quick ones, each through another part of the system.
FEW = ["normalised-after-cleaning", "retry-without-its-key", "door-lets-everybody-in", "dot-segments-go-through"]
FEW += ["erasure-leaves-the-name"]
CONTRACTS = [*sorted((ROOT / "tests" / "support").glob("*_contract.py")), ROOT / "tests" / "support" / "contracts.py"]
CODE = "def add(a: int, b: int) -> int:\n    return a + b\n"
TEST = "from adding import add\n\n\ndef test_add() -> None:\n    assert add(2, 2) == {sum}\n"


@pytest.fixture(params=MUTANTS, ids=lambda mutant: mutant.name)
def mutant(request: pytest.FixtureRequest) -> Mutant:
    found: Mutant = request.param
    return found


def test_a_mutant_fits_the_code_and_leaves_it_readable(mutant: Mutant) -> None:
    mutated = mutant.applied((ROOT / mutant.file).read_text())
    if mutant.file.endswith(".py"):
        ast.parse(mutated)


def test_the_named_test_exists(mutant: Mutant) -> None:
    file, *names = mutant.test.partition("[")[0].split("::")
    files = [ROOT / file, *(CONTRACTS if len(names) > 1 else ())]  # a class inherits its tests
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text()))]
    assert set(names) <= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def test_names_are_given_once() -> None:
    names = [mutant.name for mutant in MUTANTS]
    assert len(set(names)) == len(names)


def test_the_page_has_the_table() -> None:
    page = PAGE.read_text()
    assert PART.renewed(page) == page


@pytest.mark.parametrize("each", EQUIVALENT, ids=lambda each: each.reason)
def test_what_is_equivalent_is_still_in_the_domain(each: Equivalent) -> None:
    lines = {line.strip() for file in (ROOT / "src" / "domain").glob("*.py") for line in file.read_text().splitlines()}
    assert each.before in lines


def test_a_diff_is_read_as_what_it_takes_out_and_puts_in() -> None:
    diff = "# a name\n--- src/a.py\n+++ src/a.py\n@@ -1,2 +1,2 @@\n def f():\n-    return 1\n+    return 2\n"
    assert change_of(diff) == ("return 1", "return 2")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A small repository: a function, a test that passes, and one that fails."""
    (tmp_path / "src").mkdir()
    files = {"src/adding.py": CODE, "test_adding.py": TEST.format(sum=4), "test_wrong.py": TEST.format(sum=5)}
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:schemathesis -p no:playwright\n")
    return tmp_path


def adding(before: str, after: str, test: str = "test_adding.py::test_add") -> Mutant:
    return Mutant("a-mutant", "src/adding.py", before, after, "It adds wrongly.", test)


def test_each_outcome_is_told(repository: Path) -> None:
    expected = [
        (adding("a + b", "a - b"), "killed"),
        (adding("a + b", "a * b"), "SURVIVED"),
        (adding("a + b", "a - b", "test_wrong.py::test_add"), "FAILS WITHOUT IT"),
        (adding("a + b", "a - b", "test_adding.py::test_gone"), "FAILS WITHOUT IT"),
        (adding("a - b", "a + b"), "NOT APPLICABLE"),
        (adding("def add", "def subtract"), "BROKEN"),
    ]
    verdicts = try_all([mutant for mutant, _ in expected], repository, jobs=1)
    assert [(verdict.mutant, verdict.outcome) for verdict in verdicts] == expected
    assert all(verdict.output for verdict in verdicts if verdict.outcome != "killed")
    assert (repository / "src" / "adding.py").read_text() == CODE


@pytest.mark.parametrize("text", ["none of it", "a + b, and again a + b"])
def test_what_is_replaced_stands_there_once(text: str) -> None:
    with pytest.raises(NotApplicable, match="a-mutant"):
        adding("a + b", "a - b").applied(text)


def test_a_name_that_no_mutant_has_is_refused() -> None:
    command = [sys.executable, "-m", "tests.mutants", "no-such-mutant"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no-such-mutant" in done.stderr


def test_a_few_mutants_are_killed() -> None:
    command = [sys.executable, "-m", "tests.mutants", *FEW]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert f"{len(FEW)} of {len(FEW)} mutants were killed" in done.stdout
