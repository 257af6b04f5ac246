import boto3
import pytest

from infra.read_model import ReadModel
from tests.support.aws import Aws
from tests.support.read_model_contract import ReadModelContract


@pytest.fixture
def read_model(aws: Aws) -> ReadModel:
    return ReadModel(boto3.client("dynamodb"), "ReadModel")


class TestOnMoto(ReadModelContract):
    """With the table of template.yaml."""
