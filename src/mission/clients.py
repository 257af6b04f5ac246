"""Clients of the services that only mission control reads: CloudWatch, its logs, and X-Ray."""

from typing import Any

from botocore.config import Config

from infra.aws import session

# CloudWatch and X-Ray take longer than the chain may wait. After two tries the page shows the other parts.
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})


def cloudwatch_client() -> Any:
    """Return a CloudWatch client. Makes no connection yet."""
    return session().client("cloudwatch", config=_CONFIG)


def logs_client() -> Any:
    """Return a client of CloudWatch Logs, which searches for some seconds. Makes no connection yet."""
    return session().client("logs", config=_CONFIG.merge(Config(read_timeout=8)))


def xray_client() -> Any:
    """Return an X-Ray client. Makes no connection yet. On the laptop AWS_ENDPOINT_URL_XRAY points it to the agent."""
    return session().client("xray", config=_CONFIG)
