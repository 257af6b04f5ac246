"""No variable of the operator's shell leads the engine or its helpers to a real account."""

import os
from pathlib import Path

import pytest

from lastwish.aws.clients import UNCHECKED, Endpoint, engine_client
from lastwish.local import environment
from lastwish.local.state import Home

OUTSIDE = {
    "AWS_PROFILE": "production",
    "AWS_SESSION_TOKEN": "real",
    "AWS_ACCESS_KEY_ID": "real",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_ENDPOINT_URL_SQS": "https://sqs.example",
    "AWS_ENDPOINT_URL": "https://example",
    "AWS_CONFIG_FILE": "/home/somebody/.aws/config",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/",
    "HTTPS_PROXY": "http://proxy.example",
    "http_proxy": "http://proxy.example",
    "SAM_CLI_POLL_DELAY": "9",
    "PYTHONPATH": "/elsewhere",
    "PYTEST_CURRENT_TEST": "this",
    "LASTWISH_HOME": "/elsewhere",
}


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OUTSIDE.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("shell")
def test_no_variable_of_the_shell_is_passed_on(tmp_path: Path) -> None:
    clean = environment.clean(Home(tmp_path), "LWKEY")

    assert not {name for name, value in OUTSIDE.items() if clean.get(name) == value}


@pytest.mark.usefixtures("shell")
def test_the_credentials_are_the_stacks_and_no_others_are_searched(tmp_path: Path) -> None:
    clean = environment.clean(Home(tmp_path), "LWKEY")

    assert (clean["AWS_ACCESS_KEY_ID"], clean["AWS_SECRET_ACCESS_KEY"]) == ("LWKEY", UNCHECKED)
    assert clean["AWS_CONFIG_FILE"] == clean["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert clean["AWS_EC2_METADATA_DISABLED"] == "true"


@pytest.mark.usefixtures("shell")
def test_a_client_of_the_engine_knows_only_the_engine() -> None:
    client = engine_client("sqs", Endpoint("http://127.0.0.1:4566", "LWKEY"))

    assert client.meta.endpoint_url == "http://127.0.0.1:4566"
    assert client._request_signer._credentials.access_key == "LWKEY"
    assert client._request_signer._credentials.token is None
