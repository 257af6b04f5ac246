"""Which environments there are, and what their parameters are made of."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.parameters import _FIELDS
from lastwish.errors import AwsError, NotRunning, UsageError
from lastwish.shipping.deploying.deployments import Deployments
from lastwish.shipping.deploying.environment import AT_RUN_TIME, Environment, find, names
from lastwish.shipping.deploying.errors import DeployError
from lastwish.shipping.deploying.history import Record
from lastwish.shipping.deploying.lock import Lock
from lastwish.shipping.deploying.packaging import package
from lastwish.shipping.deploying.source import Source
from lastwish.shipping.deploying.steps import Run
from tests.support import ROOT
from tests.support.laptop import wait_until
from tests.support.rehearsals import Repository


@pytest.fixture(autouse=True)
def nowhere() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def prod() -> Environment:
    return find("prod")


def store(name: str, value: str, **kind: Any) -> None:
    boto3.client("ssm").put_parameter(**{"Name": name, "Value": value, "Type": "String"} | kind)


def test_the_environments_are_the_sections_of_samconfig_for_the_template() -> None:
    assert {"dev", "local", "staging", "prod"} <= set(names(ROOT))
    assert not {"account", "chaos", "default"} & set(names(ROOT))


def test_an_unknown_environment_names_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="dev, local, staging, prod"):
        find("production")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("version = 0.1", "version = ["),
        ("[account.global.parameters]", "[other.global.parameters]"),
        ("[staging.global.parameters]", "[other.global.parameters]"),
        ('["Stage=staging"]', '"Stage=staging"'),
        ('["Stage=staging"]', '["Stage"]'),
        ('["Stage=staging"]', "[1]"),
    ],
)
def test_a_damaged_samconfig_is_a_plain_error(tmp_path: Path, before: str, after: str) -> None:
    (tmp_path / "samconfig.toml").write_text((ROOT / "samconfig.toml").read_text().replace(before, after))
    with pytest.raises(UsageError, match=r"samconfig\.toml"):
        find("staging", tmp_path)


def test_without_samconfig_there_is_no_environment(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"samconfig\.toml cannot be read"):
        names(tmp_path)


def test_a_rehearsal_needs_the_local_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LASTWISH_HOME", str(tmp_path))
    with pytest.raises(NotRunning, match="lastwish up"):
        find("local")


def test_its_bucket_names_stack_account_and_region(prod: Environment) -> None:
    assert prod.bucket.name == "deploys-lastwish-prod-123456789012-us-east-1"


def test_parameter_store_comes_before_samconfig(prod: Environment) -> None:
    store("/lastwish/prod/ThrottleRate", "9000")
    store("/lastwish/prod/PublicUrl", "-")
    store("/lastwish/staging/ThrottleBurst", "1")
    found = prod.parameters()
    assert (found["ThrottleRate"], found["PublicUrl"]) == ("9000", "")
    assert found["ThrottleBurst"] == prod.settings["ThrottleBurst"]


def test_a_name_that_the_template_does_not_know_is_an_error(prod: Environment) -> None:
    store("/lastwish/prod/ThrottelRate", "9000")
    with pytest.raises(DeployError, match="/lastwish/prod/ThrottelRate is no parameter"):
        prod.parameters()


def test_what_functions_read_themselves_changes_nothing_in_the_stack(prod: Environment) -> None:
    before = prod.parameters()
    assert before["ParameterPath"] == "/lastwish/prod/"
    store("/lastwish/prod/HeldWords", "teapot")
    store("/lastwish/prod/ClosedDestinations", "mars,jupiter")
    assert prod.parameters() == before


def test_where_functions_read_nothing_their_words_are_parameters_as_all_others(prod: Environment) -> None:
    store("/lastwish/prod/HeldWords", "teapot")
    store("/lastwish/prod/ParameterPath", "-")
    found = prod.parameters()
    assert (found["ParameterPath"], found["HeldWords"]) == ("", "teapot")


def test_the_names_that_are_read_at_run_time_are_those_that_the_parser_reads() -> None:
    assert set(AT_RUN_TIME) == set(_FIELDS)


@pytest.mark.parametrize(("name", "value"), [("ClosedDestinations", "Mars"), ("AlarmEmail", "nobody")])
def test_what_does_not_fit_its_pattern_is_an_error(prod: Environment, name: str, value: str) -> None:
    store(f"/lastwish/prod/{name}", value)
    with pytest.raises(DeployError, match=f"/lastwish/prod/{name} does not fit its pattern"):
        prod.parameters()


def test_a_secret_is_refused_since_a_stack_shows_its_parameters(prod: Environment) -> None:
    store("/lastwish/prod/AlarmEmail", "ana@example.com", Type="SecureString")
    with pytest.raises(DeployError, match="SecureString") as refused:
        prod.parameters()
    assert "ana@example.com" not in str(refused.value)


def deployments(environment: Environment) -> Deployments:
    return Deployments(environment, "ana", lambda _: None, lambda _: True)


def test_prod_takes_only_what_is_committed(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    (repository.root / "template.yaml").write_text("# changed\n" + (ROOT / "template.yaml").read_text())
    with pytest.raises(DeployError, match=r"only what is committed.*M template.yaml"):
        deployments(find("prod", repository.root)).deploy()
    assert boto3.client("s3").list_buckets()["Buckets"] == []


def test_a_build_that_fails_says_what_make_said(tmp_path: Path) -> None:
    prod = find("prod", Repository(tmp_path / "repository").root)  # without a Makefile
    with pytest.raises(DeployError, match=r"make build failed: .*No rule to make target 'build'"):
        package(prod, {})


def test_a_step_that_takes_long_keeps_the_lock(prod: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lastwish.shipping.deploying.lock.LEASE", 1.0)
    prod.bucket.create()
    deploys, lock = deployments(prod), Lock(prod.bucket, "prod")
    lock.take("ana", "deploy", 1)
    begun = time.time()

    def build(run: Run) -> str:
        renewed = wait_until(lambda: (holder := run.lock.holder()) and holder.until > begun + 2)  # two leases later
        return "built" if renewed else "not renewed"

    run = Run(prod, Source(ROOT, "0" * 40, ""), {}, Record(1, "deploy", "ana"), lock, lambda _: None, lambda _: True)
    assert deploys._do(build, run)
    assert run.record.steps["build"]["words"] == "built"


def test_nothing_to_go_back_to_and_nothing_to_stop_are_plain_errors(prod: Environment) -> None:
    with pytest.raises(DeployError, match="no other good deploy"):
        deployments(prod).rollback()
    with pytest.raises(DeployError, match="nothing runs in prod"):
        deployments(prod).stop()
    assert boto3.client("s3").list_buckets()["Buckets"] == []


@pytest.mark.parametrize("command", ["deploy", "rollback", "stop", "teardown", "all"])
def test_where_aws_does_not_answer_each_command_says_so_in_a_line(
    prod: Environment, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(AwsError, match="does not answer as it should"):
        getattr(deployments(prod), command)()
