"""Make clients for the local engine and for AWS, and describe a deployed stack.

botocore and boto3 are imported with the first client: they take half of a second, and many commands need none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import PermanentError, TransientError
from lastwish.errors import AwsError

REGION = "us-east-1"
_RETRIES: dict[str, Any] = {
    "connect_timeout": 3,
    "read_timeout": 30,
    "retries": {"mode": "standard", "total_max_attempts": 4},
}
_making = Lock()  # a session must not make two clients at once (source: boto3's guide, "Session")

# Whatever profile, endpoint or credential the operator's shell has, the engine's clients must not see it.
_NOTHING_FROM_OUTSIDE: dict[str, Any] = {
    "profile": (None, [], None, None),
    "config_file": (None, [], "/dev/null", None),
    "credentials_file": (None, [], "/dev/null", None),
}


# The engine checks the access key id, which is secret there, and no signature.
UNCHECKED = "signatures-are-not-checked"


@dataclass(frozen=True)
class Endpoint:
    """URL of the local engine, or of the agent in the place of X-Ray, and the key that it lets in as access key id."""

    url: str
    key: str


def engine_client(service: Any, endpoint: Endpoint, **options: Any) -> Any:
    """Return a client of one service of the engine. It can reach no other endpoint. `options` are botocore's Config."""
    from botocore.config import Config

    with _making:
        return _session().create_client(
            service,
            region_name=REGION,
            endpoint_url=endpoint.url,
            aws_access_key_id=endpoint.key,
            aws_secret_access_key=UNCHECKED,
            config=Config(**_RETRIES | options, proxies={}),
        )


@cache
def _session() -> Any:
    from botocore.session import Session

    return Session(session_vars=_NOTHING_FROM_OUTSIDE)


def aws_client(service: Any) -> Any:
    """Return a client of one service with the operator's ordinary AWS configuration."""
    import boto3
    from botocore.config import Config

    with plain_errors():
        return boto3.Session().client(service, config=Config(**_RETRIES))


_SIGN_IN = "sign in (`aws sso login`), or set AWS_PROFILE; `aws sts get-caller-identity` says who you are"
_NOT_SIGNED_IN = "NoCredentialsError PartialCredentialsError UnauthorizedSSOTokenError TokenRetrievalError ExpiredToken"
_NEXT_STEPS = dict.fromkeys(_NOT_SIGNED_IN.split(), _SIGN_IN) | {
    "AccessDenied": "ask for the policy that docs/operators.md names for this command",
    "NoRegionError": "set AWS_DEFAULT_REGION to the region of the stack",
    "ValidationError": "is that the stack's name and AWS_DEFAULT_REGION its region? `aws cloudformation list-stacks`",
}


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn errors of boto3 and of the functions' adapters into one `AwsError`."""
    try:
        yield
    except (BotoCoreError, ClientError, TransientError) as error:
        from infra.aws import error_code

        words = f"AWS, or the engine in its place, does not answer as it should: {error}"
        code = error_code(error).removesuffix("Exception")  # as the older services have it, and the newer ones
        raise AwsError(words, next_step=_NEXT_STEPS.get(code, AwsError.next_step)) from error
    except PermanentError as error:
        raise AwsError(f"the stack holds what this version cannot read: {error}") from error


def stack_if_any(cloudformation: Any, name: str) -> dict[str, Any] | None:
    """Return a stack as CloudFormation describes it; None where there is none. Raises botocore's errors."""
    try:
        (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":  # "does not exist"
            return None
        raise
    return dict(found)


def describe_stack(cloudformation: Any, name: str) -> tuple[str, dict[str, str]]:
    """Return status and outputs of a CloudFormation stack. Raises AwsError, also when there is no such stack."""
    with plain_errors():
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    return stack["StackStatus"], {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}


def physical_ids(cloudformation: Any, stack: str, kind: str | None = None) -> dict[str, str]:
    """Return physical ids of a stack's resources by logical id: all, or those of one type. Raises AwsError.

    Reads pages: DescribeStackResources ends at the hundredth.
    """
    with plain_errors():
        pages = list(cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack))
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if kind in (None, each["ResourceType"]) and "PhysicalResourceId" in each
    }


def log_groups(ids: dict[str, str]) -> dict[str, str]:
    """Return the log groups of a stack's functions by service, from its physical ids. Raises AwsError without any."""
    named = {name.removesuffix("Logs"): group for name, group in ids.items() if name.endswith("Logs")}
    groups = {name.lower(): group for name, group in named.items() if f"{name}Function" in ids}
    if not groups:
        raise AwsError("the stack has no functions with a log group: is it a Last Wish stack?")
    return groups


def api_url(stack: str, outputs: dict[str, str]) -> str:
    """Return the base URL of the API, with a trailing slash, from a stack's outputs. Raises AwsError."""
    if "ApiUrl" not in outputs:
        raise AwsError(f"stack {stack} has no output ApiUrl: is it a Last Wish stack?")
    return outputs["ApiUrl"].rstrip("/") + "/"


def stage_of(url: str) -> str:
    """Return the name of the stage that an API's own base URL ends with."""
    return url.rstrip("/").rpartition("/")[2]


def messages_in(sqs: Any, queue: str) -> int:
    """Count the messages in a queue: visible, in flight or delayed. SQS counts approximately."""
    counts = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=counts)["Attributes"]
    return sum(int(attributes.get(count, 0)) for count in counts)
