"""Clients of what mission control reads and the chain does not."""

from typing import Any

import boto3
from botocore.config import Config

# Who watches can wait a little longer for what takes CloudWatch and X-Ray longer to find; twice, and the rest is shown.
_PATIENT = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})


def cloudwatch_client() -> Any:
    """A CloudWatch client. Makes no connection yet."""
    return boto3.client("cloudwatch", config=_PATIENT)


def xray_client() -> Any:
    """An X-Ray client. Makes no connection yet. On the laptop AWS_ENDPOINT_URL_XRAY leads it to the agent."""
    return boto3.client("xray", config=_PATIENT)
