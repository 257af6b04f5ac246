"""Environments: the sections of samconfig.toml for template.yaml, each with its stack, its parameters and its place.

`dev` is the section that `sam deploy` takes by default. `local` is the same on the running local engine: a stack of its
own beside the one that `up` made, so that a rehearsal breaks nothing.
"""

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import httpx

from lastwish.aws.clients import aws_client, engine_client, plain_errors
from lastwish.client import http_client
from lastwish.errors import UsageError
from lastwish.local.deploy import stage_path
from lastwish.local.door import KEY_HEADER
from lastwish.local.engine import process as engine
from lastwish.local.state import ROOT, Home, State
from lastwish.local.template import parse
from lastwish.preflight.account import Account
from lastwish.shipping.deploying.bucket import Bucket
from lastwish.shipping.deploying.cloudformation import Stack
from lastwish.shipping.deploying.errors import DeployError
from lastwish.site import AwsSite

LOCAL, REHEARSAL = "local", "lastwish-rehearsal"
_NAMES = {"default": "dev"}


class RehearsalSite(AwsSite):
    """A stack on the local engine that no proxy stands in front of."""

    on_aws = False

    def __init__(self, name: str, state: State) -> None:
        super().__init__(name)
        self._state = state
        self.peek = partial(engine.messages, state.aws)

    def client(self, service: Any) -> Any:
        """Client of the engine."""
        return engine_client(service, self._state.aws)

    @property
    def url(self) -> str:
        """Base URL of the stage on the engine; requests need the engine's key."""
        return f"{self._state.engine}{stage_path(self.outputs['ApiUrl'])}/"

    def http(self) -> httpx.Client:
        """HTTP client of its API, with the key."""
        client = http_client(self.url)
        client.headers[KEY_HEADER] = self._state.key
        return client


@dataclass(frozen=True)
class Environment:
    """``settings`` are the template's parameters in samconfig.toml; ``state`` is the local engine's, or None."""

    name: str
    stack: str
    account_stack: str
    settings: dict[str, str]
    root: Path
    state: State | None

    @property
    def guarded(self) -> bool:
        """Whether every change of it has to be confirmed by its name."""
        return self.settings.get("Stage") == "prod"

    @property
    def template(self) -> Path:
        """Template that is deployed."""
        return self.root / "template.yaml"

    def site(self, stack: str = "") -> AwsSite:
        """Return its stack as it is now, or another one in the same place."""
        name = stack or self.stack
        return RehearsalSite(name, self.state) if self.state else AwsSite(name)

    def client(self, service: Any) -> Any:
        """Return a client of a service where it is."""
        return engine_client(service, self.state.aws) if self.state else aws_client(service)

    @cached_property
    def bucket(self) -> Bucket:
        """Its bucket. Raises NotReady without credentials or region, AwsError."""
        with plain_errors():
            Account(self.site()).credentials()
            who = self.client("sts").get_caller_identity()["Account"]
        s3 = self.client("s3")
        return Bucket(s3, f"deploys-{self.stack}-{who}-{s3.meta.region_name}".lower())

    def cloud_stack(self, name: str = "") -> Stack:
        """Return its stack in CloudFormation, or another one there."""
        return Stack(self.client("cloudformation"), name or self.stack, 0.5 if self.state else 5.0)

    def tables(self, among: list[str] | None = None) -> list[str]:
        """Return the names of the tables in its account and region: all, or those among some."""
        pages = self.client("dynamodb").get_paginator("list_tables").paginate()
        found = [name for page in pages for name in page["TableNames"]]
        return [name for name in found if among is None or name in among]

    @property
    def path(self) -> str:
        """Path of its parameters in SSM Parameter Store."""
        return f"/lastwish/{self.name}/"

    def parameters(self) -> dict[str, str]:
        """Return the parameters of the stack. Raises DeployError, AwsError.

        They are the settings, and over them what SSM Parameter Store has under `path`. What the functions read there
        themselves is left out: it changes without a deploy.
        """
        stored = self.stored()
        found = {"ParameterPath": self.path} | self.settings
        read = AT_RUN_TIME if (found | stored)["ParameterPath"] == self.path else ()
        return found | {name: value for name, value in stored.items() if name not in read}

    def stored(self) -> dict[str, str]:
        """Return what SSM Parameter Store has under `path`, by name. Raises DeployError, AwsError.

        Secret ones are refused: CloudFormation shows a stack's parameters to all who may look at it.
        """
        known, found = parse(self.template.read_text())["Parameters"], dict[str, str]()
        with plain_errors():
            pages = self.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=self.path)
            stored = [each for page in pages for each in page["Parameters"]]
        for each in stored:
            name, value = each["Name"].removeprefix(self.path), "" if each["Value"] == EMPTY else each["Value"]
            if name not in known:
                raise DeployError(f"{each['Name']} is no parameter of template.yaml: correct its name, or delete it")
            if each["Type"] == "SecureString":
                raise DeployError(f"{each['Name']} is a SecureString, and a stack shows its parameters: store a String")
            if not re.fullmatch(pattern := known[name].get("AllowedPattern", ".*"), value, re.DOTALL):
                raise DeployError(f"{each['Name']} does not fit its pattern in template.yaml, {pattern}: correct it")
            found[name] = value
        return found


EMPTY = "-"  # SSM stores no empty text
AT_RUN_TIME = ("ClosedDestinations", "HeldWords")  # the parser reads them itself (src/infra/parameters.py)


def digest(*facts: object) -> str:
    """Return a short digest of JSON facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def names(root: Path = ROOT) -> list[str]:
    """Return the environments of samconfig.toml."""
    return list(_sections(root))


def find(name: str, root: Path = ROOT) -> Environment:
    """Return an environment by its name. Raises UsageError, NotRunning for `local` where nothing runs."""
    sections = _sections(root)
    if name not in sections:
        raise UsageError(f"there is no environment {name} in samconfig.toml: {', '.join(sections)}")
    section = sections[name]
    state = Home.from_environment().running() if name == LOCAL else None
    try:
        overrides = section["deploy"]["parameters"].get("parameter_overrides", [])
        stack = REHEARSAL if state else section["global"]["parameters"]["stack_name"]
        account_stack = _read(root)["account"]["global"]["parameters"]["stack_name"]
        return Environment(name, stack, account_stack, dict(each.split("=", 1) for each in overrides), root, state)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"samconfig.toml lacks a stack_name, or a list of NAME=VALUE, for {name}: {error!r}") from None


def _sections(root: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for name, section in _read(root).items():
        deploy = section.get("deploy", {}).get("parameters", {}) if isinstance(section, dict) else None
        if deploy and deploy.get("template_file", "template.yaml") == "template.yaml":
            found[_NAMES.get(name, name)] = section
    return found


def _read(root: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((root / "samconfig.toml").read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"samconfig.toml cannot be read: {error}") from None
