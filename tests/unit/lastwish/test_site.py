"""Which stack a command works on: the one that runs here, or one on AWS."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lastwish.aws.operators import Operator
from lastwish.errors import AlreadyRunning, AwsError, NotRunning, StackError
from lastwish.local.state import Home, State
from lastwish.site import LocalSite, site

HERE = State(
    "http://127.0.0.1:8045/",
    engine="http://127.0.0.1:4566",
    outputs={"InboxUrl": "inbox"},
    ready=True,
    operator=Operator("presenter", "old"),
    xray="http://127.0.0.1:2000",
    key="LWKEY",
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("LASTWISH_HOME", str(tmp_path / "home"))
    home = Home.from_environment()
    home.create()
    return home


def cloudformation(monkeypatch: pytest.MonkeyPatch, status: str, **outputs: str) -> None:
    """Answer one DescribeStacks as AWS does."""
    client = boto3.client("cloudformation")
    told = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    stack: dict[str, Any] = {"StackName": "prod", "CreationTime": 0, "StackStatus": status, "Outputs": told}
    stub = Stubber(client)
    stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "prod"})
    stub.activate()
    monkeypatch.setattr("lastwish.site.aws_client", lambda _: client)


def test_without_a_name_it_is_the_stack_that_runs_here(home: Home) -> None:
    home.save(HERE)
    here = site(None)
    assert (here.url, here.outputs, here.on_aws) == (HERE.url, HERE.outputs, False)
    assert here.facts() == HERE.facts()


@pytest.mark.usefixtures("home")
def test_where_none_runs_that_is_a_plain_error() -> None:
    with pytest.raises(NotRunning, match="lastwish up"):
        site(None)


@pytest.mark.parametrize(("service", "endpoint"), [("sqs", HERE.engine), ("xray", HERE.xray)])
def test_here_the_agent_stands_in_for_x_ray_and_the_engine_for_all_else(
    home: Home, service: str, endpoint: str
) -> None:
    home.save(HERE)
    assert site(None).client(service).meta.endpoint_url == endpoint


@pytest.mark.parametrize("service", ["sqs", "xray"])
def test_a_stack_of_an_older_version_lets_nobody_in(home: Home, service: str) -> None:
    home.save(State(HERE.url, engine=HERE.engine, ready=True))
    with pytest.raises(StackError, match="an older version started this stack"):
        site(None).client(service)


def test_the_promises_here_are_the_proxys_ledger(home: Home) -> None:
    home.save(HERE)
    read = site(None).promises()
    home.ledger.write_text('{"wish_id": "w1"}\n')
    assert read().wish_ids == ["w1"]


@pytest.mark.parametrize(("name", "left"), [("presenter", Operator("presenter", "new")), ("ana", HERE.operator)])
def test_a_new_password_of_the_presenter_is_what_status_shows(home: Home, name: str, left: Operator) -> None:
    home.save(HERE)
    LocalSite().remember(name, Operator(name, "new"))
    assert LocalSite().state.operator == left


def test_while_the_stack_changes_no_password_is_noted(home: Home) -> None:
    home.save(HERE)
    here = LocalSite()
    with Home(home.path).lock():
        here.remember("ana", None)
        with pytest.raises(AlreadyRunning, match="wait for it"):
            here.remember("presenter", Operator("presenter", "new"))
    assert home.load() == HERE


def test_a_stack_that_was_stopped_meanwhile_stays_so(home: Home) -> None:
    home.save(HERE)
    here = LocalSite()
    home.delete_state()
    here.remember("presenter", Operator("presenter", "new"))
    assert home.load() is None


def test_a_stack_on_aws_is_described_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cloudformation(monkeypatch, "UPDATE_COMPLETE", ApiUrl="https://example.com/prod", InboxUrl="inbox")
    there = site("prod")
    facts = there.facts()
    assert there.on_aws
    assert (facts["url"], facts["wall"]) == ("https://example.com/prod/", "https://example.com/prod/wall")
    assert (facts["engine"], facts["pids"], facts["outputs"]["InboxUrl"]) == (None, {}, "inbox")


def test_behind_cloudfront_the_audience_goes_there_and_operators_to_the_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = "https://example.com/prod"
    cloudformation(monkeypatch, "UPDATE_COMPLETE", ApiUrl=stage, SiteUrl="https://d1.cloudfront.net/")
    facts = site("prod").facts()
    assert (facts["url"], facts["wall"]) == ("https://d1.cloudfront.net/", "https://d1.cloudfront.net/wall")
    assert facts["console"] == "https://example.com/prod/console"


def test_a_stack_on_aws_that_did_not_deploy_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    cloudformation(monkeypatch, "UPDATE_FAILED", ApiUrl="https://example.com/prod")
    monkeypatch.setattr("lastwish.site.proxy_process.health", lambda url: f"asked {url}")
    assert site("prod").health() == {"stack": "is UPDATE_FAILED", "api": "asked https://example.com/prod/"}


def test_a_stack_of_something_else_has_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    cloudformation(monkeypatch, "CREATE_COMPLETE", Url="https://example.com")
    with pytest.raises(AwsError, match="is it a Last Wish stack"):
        _ = site("prod").url
