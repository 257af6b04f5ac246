"""`sam build` for real, for both architectures: what is in each bundle, and whether it runs with nothing beside it."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from importlib.metadata import distributions
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from lastwish.local.template import nested, parse
from tests.support import ROOT
from tests.support.bundles import HERE, IN_RUNTIME, THERE, copy_runtime, environment, package_of, sam_build
from tests.support.template import EDGE, MEMORY, OBSERVABILITY, load, resources

FUNCTIONS = sorted(resources("AWS::Serverless::Function"))
# Of the other architecture one bundle will do: the frontend's is the largest and has every wheel of the others.
BUNDLES = [*((HERE, function) for function in FUNCTIONS), (THERE, "FrontendFunction")]

MOST_BYTES = 6_000_000
# ELF, e_machine: EM_AARCH64 and EM_X86_64.
MACHINES = {"arm64": 183, "x86_64": 62}
# PEP 552: a byte code file that is bound to its source by a hash which nobody checks.
UNCHECKED_HASH = 0b01

# Where pip says that it found nobody to ask, in the words of its different layers.
NO_NETWORK = (
    "NewConnectionError",
    "NameResolutionError",
    "No matching distribution",
    "ConnectTimeoutError",
    "ProxyError",
)

# What Lambda does at a cold start, without writing byte code: prints where each module came from, and whether it had to
# be compiled for that.
COLD_START = """
import importlib, json, os, sys
bundle, runtime, module = sys.argv[1:]
sys.path += [bundle, runtime]
importlib.import_module(module)
found = [m.__spec__ for m in list(sys.modules.values()) if getattr(m, "__spec__", None)]
ours = [spec for spec in found if (spec.origin or "").startswith(bundle)]
print(json.dumps({spec.name: bool(not spec.cached or os.path.exists(spec.cached)) for spec in ours}))
"""


def build(architecture: str, into: Path, *functions: str) -> Path:
    done = sam_build(architecture, into, *functions)
    if done.returncode != 0 and any(words in done.stderr for words in NO_NETWORK):
        pytest.fail("this test needs PyPI, or pip's cache of what src/*/requirements.txt pin, and pip reached neither")
    assert done.returncode == 0, done.stderr
    return into / "build"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The build directory of each architecture; it has one directory per function."""
    return {
        HERE: build(HERE, tmp_path_factory.mktemp(HERE)),
        THERE: build(THERE, tmp_path_factory.mktemp(THERE), "FrontendFunction"),
    }


@pytest.fixture(params=BUNDLES, ids="-".join)
def packed(built: dict[str, Path], request: pytest.FixtureRequest) -> tuple[str, str, Path]:
    """Architecture, function and bundle."""
    architecture, function = request.param
    return architecture, function, built[architecture] / function


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_runtime(tmp_path_factory.mktemp("runtime"))


@pytest.fixture(scope="session")
def cold_start(built: dict[str, Path], runtime: Path) -> Any:
    """Import a function's handler as Lambda would; gives its modules, with whether each came as byte code."""

    @cache
    def start(function: str) -> dict[str, bool]:
        module = load()["Resources"][function]["Properties"]["Handler"].rpartition(".")[0]
        # -I and -S: neither this directory, nor the user's packages, nor those of the virtual environment.
        isolated = [sys.executable, "-I", "-S", "-B", "-c", COLD_START]
        arguments = [str(built[HERE] / function), str(runtime), module]
        done = subprocess.run(
            isolated + arguments, env=environment(function), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        modules: dict[str, bool] = json.loads(done.stdout)
        return modules

    return start


def test_the_nested_templates_are_built_beside_the_main_one_as_they_are(built: dict[str, Path]) -> None:
    files = nested(built[HERE] / "template.yaml").values()
    assert [parse(file.read_text()) for file in files] == [load(EDGE), load(OBSERVABILITY), load(MEMORY)]


def test_each_bundle_is_at_most_six_megabytes_zipped(packed: tuple[str, str, Path]) -> None:
    _, _, bundle = packed
    zipped = BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in bundle.rglob("*"):
            archive.write(file, file.relative_to(bundle))
    assert zipped.tell() <= MOST_BYTES


def test_the_shared_objects_are_of_the_architecture_that_was_asked_for(packed: tuple[str, str, Path]) -> None:
    architecture, _, bundle = packed
    objects = list(bundle.rglob("*.so"))
    assert objects
    for file in objects:
        header = file.read_bytes()[:20]
        assert header[:4] == b"\x7fELF"
        assert int.from_bytes(header[18:20], "little") == MACHINES[architecture], file.name


def test_byte_code_is_bound_to_its_source_but_never_checked_against_it(packed: tuple[str, str, Path]) -> None:
    _, _, bundle = packed
    compiled = list(bundle.rglob("*.cpython-313.pyc"))
    assert compiled
    assert {int.from_bytes(file.read_bytes()[4:8], "little") for file in compiled} == {UNCHECKED_HASH}


def test_a_bundle_has_all_of_its_function_and_nothing_of_the_others(packed: tuple[str, str, Path]) -> None:
    _, function, bundle = packed
    package = package_of(function)
    shared = ("domain", "infra", "web") if package in ("frontend", "console", "mission") else ("domain", "infra")
    for source in (package, *shared):
        wanted = {f.relative_to(ROOT / "src") for f in (ROOT / "src" / source).rglob("*") if f.is_file()}
        wanted = {f for f in wanted if f.suffix != ".pyc" and f.stem != "requirements"}
        assert wanted
        assert {f for f in wanted if not (bundle / f).is_file()} == set()
    others = {*(package_of(each) for each in FUNCTIONS), "web"} - {package, *shared}
    assert not [each for each in (*others, *IN_RUNTIME) if (bundle / each).exists()]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_handler_starts_from_its_bundle_with_nothing_beside_it_but_boto3(function: str, cold_start: Any) -> None:
    assert f"{package_of(function)}.handler" in cold_start(function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_cold_start_compiles_nothing(function: str, cold_start: Any) -> None:
    assert [module for module, shipped in cold_start(function).items() if not shipped] == []


@pytest.mark.parametrize(
    ("function", "package"),
    [
        ("FrontendFunction", "bleach"),
        ("FrontendFunction", "jinja2"),
        ("ParserFunction", "aws_lambda_powertools.utilities.parser"),
        ("WorkerFunction", "aws_lambda_powertools.utilities.parser"),
    ],
)
def test_a_cold_start_does_without_what_few_invocations_need(function: str, package: str, cold_start: Any) -> None:
    assert package not in cold_start(function)


@pytest.mark.skipif(not (ROOT / ".venv" / ".supply").exists(), reason="no cyclonedx-py: make .venv/.supply installs it")
@pytest.mark.parametrize("function", ["FrontendFunction", "ParserFunction"])
def test_the_bill_of_materials_lists_exactly_what_is_in_the_bundle(
    function: str, built: dict[str, Path], tmp_path: Path
) -> None:
    file = tmp_path / f"{package_of(function)}.cdx.json"
    done = subprocess.run(
        ["make", f"SBOM={tmp_path}", str(file)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    bill = json.loads(file.read_text())
    packed = distributions(path=[str(built[HERE] / function)])
    assert {(each["name"], each["version"]) for each in bill["components"]} == {
        (canonicalize_name(each.name), each.version) for each in packed
    }
    assert "timestamp" not in bill["metadata"]  # the same requirements give the same file
    assert "serialNumber" not in bill


def test_a_wheel_with_another_hash_is_not_packed(tmp_path: Path) -> None:
    sources = tmp_path / "src"
    shutil.copytree(ROOT / "src", sources)
    requirements = sources / "parser" / "requirements.txt"
    requirements.write_text(re.sub("sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", requirements.read_text()))
    done = subprocess.run(
        ["make", "--makefile", str(ROOT / "src" / "Makefile"), "build-ParserFunction"],
        cwd=sources,
        env=os.environ | {"ARTIFACTS_DIR": str(tmp_path / "out")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"ARCHITECTURE": "mips"}, "say arm64 or x86_64"),
        ({"PYTHON": "python-of-another-version"}, "make setup"),
    ],
)
def test_a_build_that_cannot_be_right_says_why(variables: dict[str, str], complaint: str, tmp_path: Path) -> None:
    other = tmp_path / "python-of-another-version"
    other.write_text("#!/bin/sh\necho 3.12 >&2\nexit 1\n")
    other.chmod(0o755)
    overrides = [f"{name}={value}" for name, value in variables.items()]
    done = subprocess.run(
        ["make", "--makefile", str(ROOT / "src" / "Makefile"), "build-ParserFunction", *overrides],
        cwd=tmp_path,
        env=os.environ | {"ARTIFACTS_DIR": str(tmp_path / "out"), "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert complaint in done.stderr
    assert not (tmp_path / "out").exists()
