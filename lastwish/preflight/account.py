"""Checks of an AWS account and region: can this stack be deployed there, and will it work?"""

import re
import struct
import tomllib
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from botocore.exceptions import NoCredentialsError

from lastwish.aws.clients import stack_if_any
from lastwish.errors import AwsError, NotReady
from lastwish.local.state import ROOT
from lastwish.local.template import parse
from lastwish.preflight.check import Checks
from lastwish.site import Site

# X-Ray allows 32 characters for the name of a group or a rule; observability.yaml's longest is STACK-troubled.
LONGEST_NAME = 32 - len("-troubled")
ROLE = "run `sam deploy --config-env account`, once per account and region (README.md)"
_MACHINES = {183: "arm64", 62: "x86_64"}  # ELF, e_machine: EM_AARCH64 and EM_X86_64


class Account:
    """The account and region of the operator's credentials, where a stack of this name is or will be."""

    def __init__(self, site: Site) -> None:
        self.name = site.name
        self.client = cache(site.client)  # a new one takes a fifth of a second

    @cached_property
    def stack(self) -> dict[str, Any] | None:
        """The stack as CloudFormation describes it; None where there is none."""
        return stack_if_any(self.client("cloudformation"), self.name)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Parameters of the stack; of one that is not there, those of samconfig.toml, else the defaults."""
        document = parse((ROOT / "template.yaml").read_text())["Parameters"]
        values = {name: str(each["Default"]) for name, each in document.items()}
        for environment in tomllib.loads((ROOT / "samconfig.toml").read_text()).values():
            if isinstance(environment, dict) and environment["global"]["parameters"]["stack_name"] == self.name:
                pairs = environment.get("deploy", {}).get("parameters", {}).get("parameter_overrides", [])
                values |= dict(pair.split("=", 1) for pair in pairs)
        deployed = (self.stack or {}).get("Parameters", [])
        return values | {each["ParameterKey"]: each["ParameterValue"] for each in deployed}

    def concurrency(self) -> int:
        """Lambda environments that may run at once in this account and region."""
        return int(self.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"])

    def checks(self) -> Checks:
        """Return the checks, by name."""
        return {
            "credentials": self.credentials,
            "region": self.region,
            "name": self.short_name,
            "access-logs": self.access_logs,
            "concurrency": self.consumers,
            "architecture": self.architecture,
            "stack": self.existing_stack,
            "leftovers": self.leftovers,
        }

    def credentials(self) -> str:
        """Check that AWS knows who asks."""
        try:
            who = self.client("sts").get_caller_identity()
        except NoCredentialsError:
            raise NotReady("no credentials: sign in (aws sso login), or set AWS_PROFILE") from None
        return f"account {who['Account']}, as {who['Arn']}"

    def region(self) -> str:
        """Check that a region is chosen: most clients need one."""
        try:
            return f"{self.client('cloudformation').meta.region_name}"
        except AwsError:
            raise NotReady("no region: set AWS_DEFAULT_REGION, or choose one with aws configure") from None

    def short_name(self) -> str:
        """Check that the names made of the stack's are short enough."""
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", self.name):
            raise NotReady(f"{self.name!r} is no name of a stack: letters, digits and dashes, a letter first")
        if len(self.name) > LONGEST_NAME:
            raise NotReady(f"{len(self.name)} characters, and X-Ray's names leave {LONGEST_NAME}: choose a shorter one")
        return f"{len(self.name)} of {LONGEST_NAME} characters"

    def access_logs(self) -> str:
        """Check that API Gateway has the role that it writes access logs with."""
        role = self.client("apigateway").get_account().get("cloudwatchRoleArn")
        if not role:
            raise NotReady(f"API Gateway has no role for access logs here, and the first deployment would fail: {ROLE}")
        return f"API Gateway logs as {role}"

    def consumers(self) -> str:
        """Check that parser and worker leave half of the account's concurrency to the functions that people wait for.

        Where they take all of it, SQS's pollers are throttled, and messages come to the dead letters untried.
        """
        limit, each = self.concurrency(), int(self.parameters["ConsumerConcurrency"])
        if 2 * each > limit // 2:
            raise NotReady(
                f"Lambda runs {limit} at once here; parser and worker may take {each} each, and what waits comes to "
                f"the dead letters: deploy with ConsumerConcurrency={max(2, limit // 4)}, and ask for more (Service "
                "Quotas, Lambda, Concurrent executions, L-B99A9384)"
            )
        return f"parser and worker may take {each} each of {limit}"

    def architecture(self) -> str:
        """Check that what was built runs on the processors that are asked for."""
        wanted = self.parameters["Architecture"]
        built = built_for(ROOT / ".aws-sam" / "build")
        if built is None:
            raise NotReady(f"nothing is built: make build ARCH={wanted}")
        if built != wanted:
            raise NotReady(f"built for {built}, and Architecture={wanted}: make build ARCH={wanted}")
        hint = "; no call tells if this region has arm64: if it has not, x86_64 does" if wanted == "arm64" else ""
        return f"built for {built}{hint}"

    def existing_stack(self) -> str:
        """Check that an existing stack can be updated."""
        if self.stack is None:
            return f"there is no stack {self.name} yet"
        state = self.stack["StackStatus"]
        if state.endswith("_IN_PROGRESS"):
            raise NotReady(f"{self.name} is {state}: wait until that has ended")
        if state == "ROLLBACK_COMPLETE" or state.endswith("_FAILED"):
            raise NotReady(f"{self.name} is {state}: see its events, then sam delete or continue the rollback")
        return f"{self.name} is {state}"

    def leftovers(self) -> str:
        """Check that no earlier stack of this name left tables or buckets: a new one does not take them over."""
        if self.stack is not None:
            return "the stack is there: what it keeps is its own"
        pages = self.client("dynamodb").get_paginator("list_tables").paginate()
        tables = [name for page in pages for name in page["TableNames"]]
        buckets = [each["Name"] for each in self.client("s3").list_buckets()["Buckets"]]
        left = [name for name in [*tables, *buckets] if name.lower().startswith(f"{self.name}-".lower())]
        if left:
            raise NotReady(f"an earlier stack left what a new one does not use: {', '.join(left)}; save or delete it")
        return "nothing is left of an earlier stack"


def built_for(build: Path) -> str | None:
    """Return the architecture of the bundles that `make build` left, by the first shared object; None without any."""
    for file in sorted(build.rglob("*.so")):
        (machine,) = struct.unpack_from("<H", file.read_bytes(), 18)
        return _MACHINES.get(machine, f"machine {machine}")
    return None
