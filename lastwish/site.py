"""Answer "which stack?": the one that runs on this laptop, or one on AWS by its name.

Every command that takes `--stack` asks here, and nowhere else, for clients, outputs, addresses and promises.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any

import httpx

from lastwish.aws import access_log
from lastwish.aws.clients import api_url, aws_client, describe_stack, engine_client, physical_ids, stage_of
from lastwish.aws.operators import Operator
from lastwish.client import http_client
from lastwish.errors import StackError
from lastwish.local import health
from lastwish.local.engine import process as engine
from lastwish.local.proxy import ledger
from lastwish.local.proxy import process as proxy_process
from lastwish.local.state import STACK, Home
from lastwish.promises import Promises

type ReadPromises = Callable[[], Promises]
type Peek = Callable[[str], list[str]]


class Site(ABC):
    """One stack. ``name`` is its name in CloudFormation, ``outputs`` are its template's."""

    name: str
    on_aws: bool
    peek: Peek | None = None  # SQS shows no message without handing it out

    @property
    @abstractmethod
    def url(self) -> str:
        """Base URL of its pages and API, with a trailing slash. Raises AwsError."""

    @property
    @abstractmethod
    def outputs(self) -> dict[str, str]:
        """Outputs of its template. Raises AwsError."""

    @property
    @abstractmethod
    def stage(self) -> str:
        """Name of its API's stage. Raises AwsError."""

    @abstractmethod
    def client(self, service: Any) -> Any:
        """Client of an AWS service where this stack runs. Raises AwsError."""

    @abstractmethod
    def promises(self, since: datetime | None = None) -> ReadPromises:
        """Function that reads anew which wishes were answered 202: all, or at least those since then."""

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Addresses, outputs and processes, as `--json` reports them. Raises AwsError."""

    @abstractmethod
    def health(self) -> dict[str, str]:
        """ "ok" for each part that works, else what is wrong with it. Raises AwsError."""

    def physical_ids(self, kind: str | None = None) -> dict[str, str]:
        """Physical ids of its resources by logical id: all, or those of one type. Raises AwsError."""
        return physical_ids(self.client("cloudformation"), self.name, kind)

    def http(self) -> httpx.Client:
        """HTTP client of its API; close it after use. Raises AwsError."""
        return http_client(self.url)


class LocalSite(Site):
    """Stack that runs here. Raises NotRunning where none runs."""

    name, on_aws = STACK, False

    def __init__(self) -> None:
        self.home = Home.from_environment()
        self.state = self.home.running()
        self.peek = partial(engine.messages, self.state.aws)

    @property
    def url(self) -> str:
        """Base URL on loopback."""
        return self.state.url

    @property
    def outputs(self) -> dict[str, str]:
        """Outputs as `up` noted them."""
        return self.state.outputs

    @property
    def stage(self) -> str:
        """Stage as the template made it: `url` is the proxy's, which names none."""
        return stage_of(describe_stack(self.client("cloudformation"), self.name)[1]["ApiUrl"])

    def client(self, service: Any) -> Any:
        """Client of the engine; the agent stands in for X-Ray. Raises StackError where there is no agent."""
        endpoint = self.state.traces if service == "xray" else self.state.aws
        if not (endpoint.url and endpoint.key):
            raise StackError("an older version started this stack: lastwish down, then lastwish up")
        return engine_client(service, endpoint)

    def promises(self, since: datetime | None = None) -> ReadPromises:
        """Reader of the proxy's ledger."""
        return partial(ledger.read, self.home.ledger)

    def facts(self) -> dict[str, Any]:
        """State of the stack as `up` noted it."""
        return self.state.facts()

    def health(self) -> dict[str, str]:
        """Health of each process, the API, the tables and the LAN's address."""
        return health.health(self.home, self.state)

    def remember(self, username: str, operator: Operator | None) -> None:
        """Note the new password of the operator that `status` shows, or that the account is gone.

        Raises AlreadyRunning while another command, or the watcher, starts or stops the stack.
        """
        if not (self.state.operator and self.state.operator.username == username):
            return
        with self.home.lock():
            state = self.home.load()  # anew: the stack may have been stopped or changed meanwhile
            if state and state.operator and state.operator.username == username:
                self.home.save(replace(state, operator=operator))


class AwsSite(Site):
    """Stack on AWS, reached with the operator's ordinary credentials."""

    on_aws = True

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def _described(self) -> tuple[str, dict[str, str]]:
        return describe_stack(self.client("cloudformation"), self.name)

    @property
    def url(self) -> str:
        """Base URL for the audience: CloudFront's where there is one, since the stage is closed then."""
        stage = api_url(self.name, self.outputs)
        return self.outputs.get("SiteUrl", stage)

    @property
    def outputs(self) -> dict[str, str]:
        """Outputs as CloudFormation has them, read once."""
        return self._described[1]

    @property
    def stage(self) -> str:
        """Stage in the API's own address."""
        return stage_of(api_url(self.name, self.outputs))

    def client(self, service: Any) -> Any:
        """Client with the operator's configuration."""
        return aws_client(service)

    def promises(self, since: datetime | None = None) -> ReadPromises:
        """Reader of API Gateway's access log. Raises AwsError where the stack has none."""
        return access_log.source(self.name, since)

    def facts(self) -> dict[str, Any]:
        """Addresses and outputs, in the form of a local stack's."""
        console = api_url(self.name, self.outputs) + "console"  # operators come to the stage itself
        pages = {"url": self.url, "wall": self.url + "wall", "console": console}
        return {**pages, "lan": None, "operator": None, "engine": None, "pids": {}, "outputs": self.outputs}

    def health(self) -> dict[str, str]:
        """State of the CloudFormation stack, and whether the API answers."""
        state = self._described[0]
        return {"stack": "ok" if state.endswith("_COMPLETE") else f"is {state}", "api": proxy_process.health(self.url)}


def site(stack: str | None) -> Site:
    """Return the stack of this name on AWS, or the one that runs here. Raises NotRunning."""
    return AwsSite(stack) if stack else LocalSite()
