"""Deploys the real template to the engine with `sam deploy`, and reads back what it made."""

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from lastwish.aws.clients import REGION, describe_stack, engine_client, physical_ids, plain_errors
from lastwish.errors import DeployFailed
from lastwish.local import environment
from lastwish.local.processes import spawn, tail
from lastwish.local.state import ROOT, Home

STACK = "lastwish-local"
TIMEOUT = 300.0
_CONFIG = ROOT / "samconfig.toml"


@dataclass(frozen=True)
class Deployed:
    """What `sam deploy` made: the stack's outputs as the engine gives them, and the path of the API's stage."""

    outputs: dict[str, str]
    stage_path: str

    @property
    def stage(self) -> str:
        """Name of the API's stage."""
        return self.stage_path.rpartition("/")[2]


def template() -> Path:
    """`LASTWISH_TEMPLATE`, or the repository's own."""
    return Path(os.environ.get("LASTWISH_TEMPLATE") or ROOT / "template.yaml").resolve()


def start(engine: str, home: Home, public_url: str) -> "subprocess.Popen[bytes]":
    """Start `sam deploy` against the engine and nothing else. Raises DeployFailed when there is no sam.

    `public_url` is where the audience finds the form: what the wall's QR code shows.
    """
    sam = Path(sys.executable).with_name("sam")
    if not sam.exists():
        raise DeployFailed("sam is not installed beside this lastwish: run `make setup`")
    # Named with full paths: sam looks for samconfig.toml beside the template.
    where = ["--config-file", str(_CONFIG), "--config-env", "local", "--template-file", str(template())]
    command = [str(sam), "deploy", *where, "--stack-name", STACK, "--parameter-overrides", *_parameters(public_url)]
    return spawn(command, environment.clean(home) | {"AWS_ENDPOINT_URL": engine}, home.log("deploy"), cwd=ROOT)


def _parameters(public_url: str) -> list[str]:
    """Those of samconfig.toml and ours: on the command line they would replace the file's."""
    settings = tomllib.loads(_CONFIG.read_text())["local"]["deploy"]["parameters"]
    return [*settings["parameter_overrides"], f"PublicUrl={public_url}"]


def finish(process: "subprocess.Popen[bytes]", engine: str, home: Home) -> Deployed:
    """Wait for `sam deploy`. Raises DeployFailed with what it said."""
    log = home.log("deploy")
    try:
        code = process.wait(TIMEOUT)
    except subprocess.TimeoutExpired:
        raise DeployFailed(f"sam deploy took longer than {TIMEOUT:g} s (see {log})") from None
    if code != 0:
        raise DeployFailed(f"sam deploy failed: {_reason(log)} (see {log})")
    return _read_back(engine)


def _reason(log: Path) -> str:
    """The line of sam's output that says why: the first that speaks of an error, else the last."""
    text = log.read_text(errors="replace")
    wrong = (line.strip() for line in text.splitlines() if line.lstrip().lower().startswith("error"))
    return next(wrong, "") or tail(log) or "it said nothing"


def _read_back(engine: str) -> Deployed:
    status, outputs = describe_stack(engine_client("cloudformation", engine), STACK)
    if not status.endswith("_COMPLETE"):
        raise DeployFailed(f"the stack is {status} after sam deploy")
    # https://{api id}.execute-api.{region}.amazonaws.com/{stage}/: the engine serves it under a path instead.
    host, _, stage = outputs["ApiUrl"].removeprefix("https://").rstrip("/").partition("/")
    return Deployed(outputs, f"/_aws/execute-api/{host.partition('.')[0]}/{stage}")


def write_env_file(engine: str, path: Path) -> None:
    """Write what `sam local invoke --env-vars` needs so that a function it runs reaches this stack.

    One object per logical id with the variables that the deployed function really has, the engine's endpoint as a
    container names it, and dummy credentials.
    """
    from_container = engine.replace(environment.HOST, "host.docker.internal")
    reach = {"AWS_ENDPOINT_URL": from_container, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    reach |= {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    functions = engine_client("lambda", engine)
    names = physical_ids(engine_client("cloudformation", engine), STACK, "AWS::Lambda::Function")
    with plain_errors():
        found = {name: functions.get_function_configuration(FunctionName=physical) for name, physical in names.items()}
    variables = {name: each.get("Environment", {}).get("Variables", {}) | reach for name, each in found.items()}
    path.write_text(json.dumps(variables, indent=2))
