"""Contracts of what stands on DynamoDB, all of them: each engine's test module imports them and defines ``tables``."""

import pytest

from infra.event_store import EventStore
from infra.read_model import ReadModel
from tests.support.event_store_contract import EventStoreContract
from tests.support.read_model_contract import GenerationsContract
from tests.support.seats_contract import LockContract, SeatsContract
from tests.support.slices_contract import SlicesContract
from tests.support.tables import Tables


class TestEventStore(EventStoreContract):
    """With the table of template.yaml."""

    @pytest.fixture
    def store(self, tables: Tables) -> EventStore:
        return tables.events


class TestReadModel(GenerationsContract):
    """By the projector's own function."""


class TestSlices(SlicesContract):
    """Several wishes in one transaction."""

    @pytest.fixture
    def read_model(self, tables: Tables) -> ReadModel:
        return tables.read_model


class TestSeats(SeatsContract):
    """With its guard."""


class TestLock(LockContract):
    """On the table of seats."""
