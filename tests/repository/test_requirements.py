"""What is installed, here and in Lambda, is what `make lock` pinned: one version, known by its hashes."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import ROOT
from tests.support.requirements import FILES, pins
from tests.support.swapped import SWAPS

ALL = ROOT / "requirements" / "dev.txt"
PARTS = [
    ROOT / "requirements" / "local.txt",
    *(file for file in FILES if file.is_relative_to(ROOT / "src") or file.parent == SWAPS),
]
RECIPES = [ROOT / "Makefile", ROOT / "src" / "Makefile"]


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def wanted(file: Path) -> set[str]:
    """Return the names in an ``.in`` file and in the files that it includes."""
    lines = [line.partition("#")[0].strip() for line in file.read_text().splitlines()]
    included = [line.removeprefix("-r ") for line in lines if line.startswith("-r ")]
    own = {canonicalize_name(Requirement(line).name) for line in lines if line and not line.startswith("-r ")}
    return own.union(*(wanted(file.parent / each) for each in included))


@pytest.mark.parametrize("file", FILES, ids=name)
def test_every_line_pins_a_version_with_its_hashes_and_names_no_index(file: Path) -> None:
    assert pins(file)


@pytest.mark.parametrize("file", FILES, ids=name)
def test_everything_that_is_asked_for_is_pinned(file: Path) -> None:
    assert wanted(file.with_suffix(".in")) <= {pin.name for pin in pins(file)}


@pytest.mark.parametrize("file", PARTS, ids=name)
def test_what_a_function_and_a_demo_get_is_what_the_tests_ran_with(file: Path) -> None:
    assert set(pins(file)) <= set(pins(ALL))


@pytest.mark.parametrize(
    "line", ["boto3==1.43.102", "--index-url https://mirror.example", "-e .", "boto3 @ https://x.example/b.whl"]
)
def test_a_line_that_could_install_something_else_is_refused(line: str, tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"{line}\n")
    with pytest.raises(ValueError, match="not a pin"):
        pins(file)


@pytest.mark.parametrize("file", RECIPES, ids=name)
def test_files_of_requirements_are_installed_by_their_hashes_only(file: Path) -> None:
    commands = file.read_text().replace("\\\n", " ").splitlines()
    installing = [command for command in commands if re.search(r"--requirement|\s-r\s", command)]
    assert installing
    assert [command for command in installing if "--require-hashes" not in command] == []
