"""The contracts of what stands on DynamoDB, kept on moto; on DynamoDB Local with `make test-dynamodb-local`."""

import boto3
import pytest

from infra.event_store import EventStore
from infra.read_model import ReadModel
from tests.support.aws import Aws
from tests.support.event_store_contract import EventStoreContract
from tests.support.read_model_contract import GenerationsContract
from tests.support.seats_contract import LockContract, SeatsContract
from tests.support.slices_contract import SlicesContract
from tests.support.tables import NAMES, Tables

pytestmark = pytest.mark.contract


@pytest.fixture
def tables(aws: Aws) -> Tables:
    return Tables(boto3.client("dynamodb"), {name: name for name in NAMES})


@pytest.fixture
def store(tables: Tables) -> EventStore:
    return tables.events


@pytest.fixture
def read_model(tables: Tables) -> ReadModel:
    return tables.read_model


class TestEventStore(EventStoreContract):
    """With the table of template.yaml."""


class TestReadModel(GenerationsContract):
    """By the projector's own function."""


class TestSlices(SlicesContract):
    """Several wishes in one transaction."""


class TestSeats(SeatsContract):
    """With its guard."""


class TestLock(LockContract):
    """On the table of seats."""
