"""Clients of AWS with one configuration, and the code of botocore's errors."""

from collections.abc import Callable
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from snapshot_restore_py import register_before_snapshot
from wrapt import LazyObjectProxy

THROTTLED = "ThrottlingException"
# A person waits, and a batch has other wishes in it: three tries of at most two seconds, with the jittered pauses of
# botocore's standard mode between them (its default, legacy, retries fewer errors and without jitter). The worst case
# is nine seconds: three times a second to connect and one to read, and pauses of at most one and two.
_PATIENCE = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 3})
# AWS checks what we send, and botocore would write its long name anew for each call: decision 0031 has the figures.
_CONFIG = _PATIENCE.merge(Config(parameter_validation=False, user_agent=f"lastwish boto3/{boto3.__version__}"))


class _Loader(Loader):
    """Loads of botocore's data what clients of ours use: the models and rules of their services."""

    def list_available_services(self, type_name: str) -> list[str]:
        """Return the services that functions call. botocore's own looks twice through the folders of 420."""
        return ["cloudwatch", "cognito-idp", "dynamodb", "logs", "sqs", "ssm", "xray"]

    def load_data_with_path(self, name: str) -> Any:
        """Load a file, but endpoints.json as if it knew no region: each service's own rules name its address."""
        if name == "endpoints":
            return {"partitions": []}, self.BUILTIN_DATA_PATH
        return super().load_data_with_path(name)


def session() -> boto3.Session:
    """Return boto3's default session, which makes all clients."""
    if boto3.DEFAULT_SESSION is None:
        core = botocore.session.get_session()
        core.register_component("data_loader", _Loader())
        boto3.DEFAULT_SESSION = boto3.Session(botocore_session=core)
    return boto3.DEFAULT_SESSION


def client(service: str, **config: Any) -> Any:
    """Return a client of an AWS service. Makes no connection yet. ``config`` is for botocore's Config, over ours."""
    return session().client(service, config=_CONFIG.merge(Config(**config)))  # type: ignore[call-overload]


def at_first_use(make: Callable[..., Any], *names: str, **config: Any) -> Any:
    """Return a client that few invocations need. It is made at its first call, or before Lambda takes a snapshot."""
    made: Any = LazyObjectProxy(lambda: make(*names, **config))
    register_before_snapshot(getattr, made, "meta")
    return made


def error_code(error: Exception) -> str:
    """Return a short, stable word for an error: AWS's own error code, or the class of the connection error."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
