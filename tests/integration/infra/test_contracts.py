"""The contracts of what stands on DynamoDB, kept on moto; on DynamoDB Local with `make test-dynamodb-local`."""

import boto3
import pytest

from tests.support.aws import Aws
from tests.support.contracts import TestEventStore, TestLock, TestReadModel, TestSeats, TestSlices  # noqa: F401
from tests.support.tables import NAMES, Tables

pytestmark = pytest.mark.contract


@pytest.fixture
def tables(aws: Aws) -> Tables:
    return Tables(boto3.client("dynamodb"), {name: name for name in NAMES})
