"""The contract of the read model, kept on the local engine."""

import uuid
from collections.abc import Iterator

import pytest

from infra.read_model import ReadModel
from tests.support import template
from tests.support.laptop import Stack
from tests.support.read_model_contract import ReadModelContract


@pytest.fixture
def read_model(stack: Stack) -> Iterator[ReadModel]:
    client, name = stack.aws("dynamodb"), f"contract-{uuid.uuid4()}"
    client.create_table(TableName=name, **template.table("ReadModel"))
    yield ReadModel(client, name)
    client.delete_table(TableName=name)


class TestOnTheEngine(ReadModelContract):
    """All of it."""
