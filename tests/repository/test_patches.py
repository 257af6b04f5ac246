"""The worked change of docs/make-it-yours.md: its patch applies to the tree as it is now, and that tree is right.

`make nightly` runs all unit and integration tests of the patched tree.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.mutants.trial import Copy, Run
from tests.support import ROOT

PATCH = ROOT / "docs" / "patches" / "third-destination.patch"
# What knows the destinations, in seconds: domain, message, seats, form, wall, contract, template, texts.
QUICK = (
    "tests/unit/domain/test_seats.py",
    "tests/unit/domain/test_events.py",
    "tests/unit/lastwish/load/test_plan.py",
    "tests/unit/lastwish/load/test_wishes.py",
    "tests/unit/web",
    "tests/integration/worker/test_boarding.py::test_each_wish_of_a_batch_gets_a_seat_of_its_own",
    "tests/integration/web/test_wall.py::test_before_the_first_wish_all_counts_are_zero",
    "tests/integration/frontend/test_pages.py",
    "tests/repository/test_contract.py",
    "tests/repository/test_template_names.py",
)
ALL = ("tests/unit", "tests/integration")
REFRESH = """docs/patches/third-destination.patch does not apply any more. In a tree without other changes:
  git apply --3way docs/patches/third-destination.patch    # then mend what it marks, and run the tests
  git diff HEAD > /tmp/fresh.patch && git reset --hard     # the change, and the tree as it was
  mv /tmp/fresh.patch docs/patches/third-destination.patch
git said:
"""


def apply(patch: Path, tree: Path) -> None:
    """Apply a patch to a tree. Fails with what to do where it does not fit."""
    done = subprocess.run(["git", "apply", str(patch)], cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, REFRESH + done.stderr


@pytest.fixture(scope="module")
def patched(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    folder = tmp_path_factory.mktemp("patched") / "tree"
    copy = Copy(ROOT, folder)
    apply(PATCH, folder)
    return copy


def assert_passed(run: Run) -> None:
    assert run.code == 0, run.output[-4000:]


def test_the_patched_tree_passes_its_quick_tests(patched: Copy) -> None:
    assert_passed(patched.run(*QUICK))


@pytest.mark.skipif(os.environ.get("PATCHES") != "all", reason="minutes: `make nightly` has them")
@pytest.mark.parametrize("part", ALL)
def test_the_patched_tree_passes_all_tests_without_a_stack(patched: Copy, part: str) -> None:
    assert_passed(patched.run("-n", "2", "--dist", "loadfile", part))


def test_a_patch_that_does_not_fit_says_how_to_refresh_it(tmp_path: Path) -> None:
    stale = tmp_path / "stale.patch"
    stale.write_text(PATCH.read_text().replace("jupiter_seats: NonNegativeInt", "jupiter_berths: NonNegativeInt"))
    with pytest.raises(AssertionError, match=r"does not apply any more(.|\n)*--3way(.|\n)*src/infra/settings.py"):
        apply(stale, ROOT)


def test_the_page_names_each_file_of_the_patch_and_counts_its_lines() -> None:
    page = (ROOT / "docs" / "make-it-yours.md").read_text()
    files = set(re.findall(r"^\+\+\+ b/(.+)$", PATCH.read_text(), flags=re.MULTILINE))
    unnamed = {each for each in files if each not in page}
    assert not unnamed
    added = len(re.findall(r"^\+(?!\+\+ b/)", PATCH.read_text(), flags=re.MULTILINE))
    assert f"| [a third destination](#a-third-destination) | {len(files)} | {added} |" in page
