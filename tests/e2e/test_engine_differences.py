"""docs/databases.md says how the engines of DynamoDB differ: each one answers as its column says."""

import re
from collections.abc import Mapping

import boto3
import pytest
from moto import mock_aws

from tests.support import ROOT
from tests.support.dynamodb_local import dynamodb_local
from tests.support.engine_probes import PROBES, Engine
from tests.support.laptop import Stack
from tests.support.npm import Unavailable

PAGE = (ROOT / "docs/databases.md").read_text()


def column(engine: str) -> Mapping[str, str]:
    """Return a column of the page's table, by the first cell of each row."""
    header, *rows = re.findall(r"^\| (.*) \|$", PAGE[PAGE.index("| probe |") :], flags=re.MULTILINE)
    number = header.split(" | ").index(engine)
    return {cells[0]: cells[number] for cells in (row.split(" | ") for row in rows)}


def compare(engine: str, answers: Mapping[str, str]) -> None:
    """Hold a column equal to what an engine answers; what differs from AWS is bold."""
    aws = column("AWS")
    assert column(engine) == {n: answer if answer == aws[n] else f"**{answer}**" for n, answer in answers.items()}


def test_each_probe_has_a_row_with_a_source() -> None:
    sources = column("AWS's source")
    assert list(sources) == list(PROBES)
    linked = {source for source in sources.values() if f"{source}: https://docs.aws.amazon.com/" in PAGE}
    assert set(sources.values()) - linked == {"its message, on no page"}


def test_moto() -> None:
    with mock_aws():
        compare("moto", Engine(boto3.Session().client).answers())


def test_the_local_engine(stack: Stack) -> None:
    compare("MiniStack", Engine(stack.aws).answers())


def test_dynamodb_local() -> None:
    try:
        with dynamodb_local() as url:
            session = boto3.Session()  # the default one would keep these credentials for the tests after this one
            compare("DynamoDB Local", Engine(lambda service: session.client(service, endpoint_url=url)).answers())
    except Unavailable as reason:
        pytest.skip(f"no DynamoDB Local: {reason}")
