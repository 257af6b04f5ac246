"""Deploy the real template to the engine through its CloudFormation API, and read back the result."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from lastwish.aws.clients import (
    REGION,
    UNCHECKED,
    Endpoint,
    describe_stack,
    engine_client,
    physical_ids,
    plain_errors,
    stage_of,
)
from lastwish.errors import DeployFailed
from lastwish.local import environment
from lastwish.local.door import named
from lastwish.local.packaging import Uploads
from lastwish.local.processes import private
from lastwish.local.proxy import gateway
from lastwish.local.state import ROOT, STACK, Home, write_secret
from lastwish.local.template import nested, resources

TIMEOUT = 300.0
POLL = 0.1
_CONFIG = ROOT / "samconfig.toml"


@dataclass(frozen=True)
class Deployed:
    """Result of a deploy: the stack's outputs as the engine gives them, and the path of the API's stage."""

    outputs: dict[str, str]
    stage_path: str

    @property
    def stage(self) -> str:
        """Name of the API's stage."""
        return stage_of(self.stage_path)


def check_template() -> None:
    """Read the template, its routes and its nested templates. Raises TemplateError."""
    gateway.read(environment.template())
    for file in nested(environment.template()).values():
        resources(file)


def deploy(engine: Endpoint, home: Home, public_url: str) -> Deployed:
    """Create the stack on an engine that has none. Raises TemplateError, or DeployFailed with the reason.

    `public_url` is the form's address for the audience: the wall shows it as a QR code.
    """
    cloudformation = engine_client("cloudformation", engine)
    try:
        with open(home.log("deploy"), "a", opener=private) as log:
            print(f"template {environment.template()}", file=log, flush=True)
            url = Uploads(engine_client("s3", engine), engine.url).template(environment.template())
            print(f"stack {STACK} from {url}", file=log, flush=True)
            cloudformation.create_stack(
                StackName=STACK,
                TemplateURL=url,
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
                Parameters=_parameters(public_url),
                DisableRollback=True,
            )
            _wait(cloudformation, log)
    except (BotoCoreError, ClientError) as error:
        raise DeployFailed(f"deploy failed: {error} (see {home.log('deploy')})") from error
    return _read_back(engine)


def _parameters(public_url: str) -> list[dict[str, str]]:
    """Return the parameters of samconfig.toml, PublicUrl, and ParameterPath by its variable (docs/deploy.md)."""
    settings = tomllib.loads(_CONFIG.read_text())["local"]["deploy"]["parameters"]["parameter_overrides"]
    ours = (f"PublicUrl={public_url}", f"ParameterPath={os.environ.get('LASTWISH_PARAMETER_PATH', '')}")
    pairs = [each.partition("=") for each in [*settings, *ours]]
    return [{"ParameterKey": name, "ParameterValue": value} for name, _, value in pairs]


def _wait(cloudformation: Any, log: TextIO) -> None:
    """Wait for the stack and log the events of its resources. Raises DeployFailed, BotoCoreError, ClientError."""
    waiter = cloudformation.get_waiter("stack_create_complete")
    try:
        waiter.wait(StackName=STACK, WaiterConfig={"Delay": POLL, "MaxAttempts": int(TIMEOUT / POLL)})
    except WaiterError as error:
        raise DeployFailed(f"deploy failed: {_reason(cloudformation) or error} (see {log.name})") from None
    finally:
        for name, status, reason in _events(cloudformation):
            print(status, name, reason, file=log)


def _reason(cloudformation: Any) -> str | None:
    """Return the reason of the first resource that failed."""
    failed = (f"{name}: {reason}" for name, status, reason in _events(cloudformation) if status.endswith("_FAILED"))
    return next(failed, None)


def _events(cloudformation: Any) -> list[tuple[str, str, str]]:
    """Return logical id, status and reason of each event of the stack, oldest first."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=STACK)
    events = [event for page in pages for event in page["StackEvents"]]
    return [
        (each["LogicalResourceId"], each["ResourceStatus"], each.get("ResourceStatusReason", ""))
        for each in reversed(events)
    ]


def _read_back(engine: Endpoint) -> Deployed:
    _, outputs = describe_stack(engine_client("cloudformation", engine), STACK)
    return Deployed(outputs, stage_path(outputs["ApiUrl"]))


def stage_path(api_url: str) -> str:
    """Return the path under which the engine serves https://{api id}.execute-api.{region}.amazonaws.com/{stage}/."""
    host, _, stage = api_url.removeprefix("https://").rstrip("/").partition("/")
    return f"/_aws/execute-api/{host.partition('.')[0]}/{stage}"


def write_env_file(engine: Endpoint, path: Path) -> None:
    """Write what `sam local invoke --env-vars` needs so that a function it runs reaches this stack.

    One object per logical id with the variables that the deployed function really has, the engine's endpoint as a
    container names it, and credentials that name the function.
    """
    reach = {"AWS_ENDPOINT_URL": engine.url.replace(environment.HOST, "host.docker.internal")}
    reach |= {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_SECRET_ACCESS_KEY": UNCHECKED}
    functions = engine_client("lambda", engine)
    names = physical_ids(engine_client("cloudformation", engine), STACK, "AWS::Lambda::Function")
    with plain_errors():
        found = {name: functions.get_function_configuration(FunctionName=physical) for name, physical in names.items()}
    variables = {
        name: each.get("Environment", {}).get("Variables", {})
        | reach
        | {"AWS_ACCESS_KEY_ID": named(engine.key, each["FunctionName"])}
        for name, each in found.items()
    }
    write_secret(path, variables)
