"""A stack on AWS is found with ordinary credentials; what is wrong with them is said plainly."""

import pytest

from lastwish.aws.clients import api_url
from lastwish.errors import AwsError
from lastwish.site import site


def test_the_base_url_ends_with_a_slash() -> None:
    assert api_url("lastwish", {"ApiUrl": "https://example.com/prod"}) == "https://example.com/prod/"


def test_a_stack_of_something_else_is_a_plain_error() -> None:
    with pytest.raises(AwsError, match="is it a Last Wish stack"):
        api_url("other", {"Url": "https://example.com"})


def test_a_profile_that_does_not_exist_is_a_plain_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "unknown")

    with pytest.raises(AwsError, match="unknown"):
        _ = site("lastwish").url
