"""How we talk to AWS: one configuration for every client, and one reading of botocore's errors."""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

THROTTLED = "ThrottlingException"
# A person waits, and a batch has other wishes in it: three tries of at most two seconds, with the jittered pauses that
# botocore's standard mode puts between them (its default, legacy, retries fewer errors and without jitter). The worst
# case is nine seconds: three times a second to connect and one to read, and pauses of at most one and two.
_CONFIG = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 3})


def sqs_client() -> "SQSClient":
    """An SQS client. Makes no connection yet."""
    return boto3.client("sqs", config=_CONFIG)


def dynamodb_client() -> "DynamoDBClient":
    """A DynamoDB client. Makes no connection yet."""
    return boto3.client("dynamodb", config=_CONFIG)


def cognito_client() -> Any:
    """A client of Cognito's user pools. Makes no connection yet."""
    return boto3.client("cognito-idp", config=_CONFIG)


def error_code(error: Exception) -> str:
    """A short, stable word for what went wrong: AWS's own error code, or the class of the connection error."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
