"""Commands for a stack on AWS that is not there, or that does not let its caller in: they say what to do."""

import json

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from typer.testing import CliRunner

from lastwish.cli import app
from tests.support.recorded_calls import recorded


@pytest.mark.parametrize("command", ["status", "audit", "cost", "operator list", "dlq list", "reclaim", "erase"])
@pytest.mark.parametrize(
    ("code", "words", "step"),
    [
        ("ValidationError", "Stack with id gone does not exist", "`aws cloudformation list-stacks`"),
        ("AccessDenied", "not authorized to perform", "docs/operators.md"),
        ("AccessDeniedException", "not authorized to perform", "docs/operators.md"),
        ("ExpiredToken", "The security token included in the request is expired", "`aws sso login`"),
        ("InternalFailure", "try later", "`lastwish preflight --stack NAME`"),
    ],
)
def test_what_aws_refuses_has_a_next_step(
    monkeypatch: pytest.MonkeyPatch, command: str, code: str, words: str, step: str
) -> None:
    refusal = ClientError({"Error": {"Code": code, "Message": words}}, "DescribeStacks")
    wish = ["2b0fb8a1-6a55-4f2c-8a09-3e2d1c0b9a87"] if command == "erase" else []
    refusals = dict.fromkeys(("cloudformation.DescribeStacks", "cloudformation.ListStackResources"), refusal)
    with mock_aws(), recorded(monkeypatch, refusals):
        done = CliRunner().invoke(app, [*command.split(), *wish, "--stack", "gone", "--json"])
    facts = json.loads(done.stdout)
    assert done.exit_code == 1
    assert words in facts["error"]
    assert step in facts["next_step"]
