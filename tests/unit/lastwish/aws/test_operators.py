"""The password of an operator. Accounts themselves are tried on the engine: tests/e2e/test_accounts.py."""

import re

import pytest
from typer.testing import CliRunner

from lastwish.aws.operators import Operator, Operators, password
from lastwish.cli import app
from lastwish.errors import AwsError


def test_a_password_fits_any_policy_and_can_be_read_aloud() -> None:
    for found in (password() for _ in range(500)):
        assert len(found) == 19
        assert re.search("[a-z]", found)
        assert re.search("[A-Z]", found)
        assert re.search("[0-9]", found)
        assert not re.search("[^A-Za-z0-9-]|[0O1lI]", found)


def test_no_password_is_given_twice() -> None:
    assert len({password() for _ in range(500)}) == 500


def test_an_operator_does_not_tell_the_password_by_accident() -> None:
    assert "secret" not in repr(Operator("ana", "secret"))


def test_a_stack_without_a_user_pool_is_a_plain_error() -> None:
    with pytest.raises(AwsError, match="no output UserPoolId"):
        Operators(None, {})


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "x" * 129, "<b>"])
def test_a_name_is_one_word(name: str) -> None:
    refused = CliRunner().invoke(app, ["operator", "add", name])
    assert refused.exit_code == 2
    assert "one word" in refused.output
