"""The functions' code as a bundle has it after `make build TRACING=otel SANITISER=nh3`."""

import shutil
from pathlib import Path

from tests.support import ROOT

SWAPS = ROOT / "lastwish" / "shipping" / "swaps"


def swapped(folder: Path) -> Path:
    """Copy templates and code into a folder, with OpenTelemetry and nh3 in the place of what they replace."""
    for template in ROOT.glob("*.yaml"):
        shutil.copy(template, folder)
    code = folder / "src"
    shutil.copytree(ROOT / "src", code, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SWAPS / "tracing_otel.py", code / "infra" / "tracing.py")
    shutil.copy(SWAPS / "escape_nh3.py", code / "frontend" / "escape.py")
    for name in ("aws_xray_sdk", "bleach"):  # they are in this environment, and in no such bundle
        (code / f"{name}.py").write_text(f"raise ImportError('{name} is not in this bundle')\n")
    return folder
