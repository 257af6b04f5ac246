"""Bundles with other tracing and another sanitiser, built for both architectures and started with nothing beside."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.bundles import HERE, THERE, copy_runtime, environment
from tests.support.swapped import SWAPS

BUNDLES = [(HERE, "FrontendFunction"), (HERE, "WorkerFunction"), (THERE, "FrontendFunction")]
MACHINES = {"arm64": 183, "x86_64": 62}  # ELF, e_machine
START = """
import importlib, sys
sys.path += sys.argv[1:3]
importlib.import_module(sys.argv[3])
print(*sys.modules, sep="\\n")
"""


def make(into: Path, target: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    sources = into / "src"
    if not sources.exists():
        shutil.copytree(ROOT / "src", sources, ignore=shutil.ignore_patterns("__pycache__"))
    return subprocess.run(
        ["make", "--makefile", str(ROOT / "src" / "Makefile"), target],
        cwd=sources,
        env=os.environ | {"ARTIFACTS_DIR": str(into / "bundle")} | settings,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module", params=BUNDLES, ids="-".join)
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Path]:
    """Architecture, function and bundle, each with both swaps."""
    architecture, function = request.param
    into = tmp_path_factory.mktemp("swapped")
    done = make(into, f"build-{function}", ARCHITECTURE=architecture, TRACING="otel", SANITISER="nh3")
    assert done.returncode == 0, done.stderr
    return architecture, function, into / "bundle"


def test_a_bundle_has_the_successors_and_what_they_need_and_not_what_they_replace(
    bundle: tuple[str, str, Path],
) -> None:
    _, function, folder = bundle
    packages = {each.name for each in distributions(path=[str(folder)])}
    assert {"opentelemetry-api", "opentelemetry-sdk"} <= packages
    assert packages.isdisjoint({"aws-xray-sdk", "bleach", "webencodings"})
    assert (folder / "infra" / "tracing.py").read_text() == (SWAPS / "tracing_otel.py").read_text()
    if function == "FrontendFunction":
        assert "nh3" in packages
        assert (folder / "frontend" / "escape.py").read_text() == (SWAPS / "escape_nh3.py").read_text()


def test_the_shared_objects_are_of_the_architecture_that_was_asked_for(bundle: tuple[str, str, Path]) -> None:
    architecture, function, folder = bundle
    shared = [file for file in folder.rglob("*.so*") if file.is_file()]
    assert {int.from_bytes(file.read_bytes()[18:20], "little") for file in shared} == {MACHINES[architecture]}
    assert any(file.parent.name == "nh3" for file in shared) == (function == "FrontendFunction")


def test_its_handler_starts_without_the_x_ray_sdk(bundle: tuple[str, str, Path], tmp_path: Path) -> None:
    architecture, function, folder = bundle
    if architecture != HERE:
        pytest.skip("this machine cannot run the other architecture's wheels")
    runtime = copy_runtime(tmp_path)
    module = f"{function.removesuffix('Function').lower()}.handler"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", START, str(folder), str(runtime), module],
        env=environment(function),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "opentelemetry.sdk.trace" in done.stdout.splitlines()


@pytest.mark.parametrize("setting", [{"TRACING": "jaeger"}, {"SANITISER": "hope"}], ids=str)
def test_a_setting_that_nobody_knows_stops_the_build(setting: dict[str, str], tmp_path: Path) -> None:
    done = make(tmp_path, "build-ParserFunction", ARCHITECTURE=HERE, **setting)
    assert done.returncode != 0
    assert f"is '{next(iter(setting.values()))}': say" in done.stderr
    assert not (tmp_path / "bundle").exists()
