"""Bundles as `sam build` makes them, and what the Lambda runtime has beside them."""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support import ROOT
from tests.support.template import TEMPLATE, load

HERE, THERE = ("arm64", "x86_64") if platform.machine() in ("arm64", "aarch64") else ("x86_64", "arm64")
IN_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six")


def package_of(function: str) -> str:
    """``frontend`` for FrontendFunction, from its handler."""
    return str(load()["Resources"][function]["Properties"]["Handler"]).partition(".")[0]


def sam_build(architecture: str, into: Path, *functions: str) -> "subprocess.CompletedProcess[str]":
    """Build these functions, or all, into ``into``/build, a directory for each."""
    command = [
        str(Path(sys.executable).with_name("sam")),
        "build",
        *functions,
        "--parallel",
        f"--template-file={TEMPLATE}",
        f"--config-file={ROOT / 'samconfig.toml'}",
        f"--build-dir={into / 'build'}",
        f"--parameter-overrides=Architecture={architecture}",
    ]
    environment = os.environ | {"ARCHITECTURE": architecture, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(command, cwd=into, env=environment, capture_output=True, text=True, timeout=300, check=False)


def copy_runtime(directory: Path) -> Path:
    """Fill a directory with what the Lambda runtime brings, and nothing else: boto3 and what it needs. Return it."""
    for name in IN_RUNTIME:
        spec = importlib.util.find_spec(name)
        assert spec
        assert spec.origin
        origin = Path(spec.origin)
        if origin.name == "__init__.py":
            shutil.copytree(origin.parent, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, directory)
    return directory


def environment(function: str) -> dict[str, str]:
    """Return the variables of a deployed function, with a value that suits each: names, URLs and numbers of seats."""
    variables = load()["Globals"]["Function"]["Environment"]["Variables"]
    variables |= load()["Resources"][function]["Properties"]["Environment"]["Variables"]
    variables = {name: value for name, value in variables.items() if value != {"Ref": "AWS::NoValue"}}
    return {name: value if isinstance(value, str) else "1" for name, value in variables.items()} | {
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "PARAMETER_PATH": "",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "LAMBDA_TASK_ROOT": "/var/task",
    }
