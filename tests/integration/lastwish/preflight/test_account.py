"""`lastwish preflight --stack`: each check both ways, against an account of a few answers."""

import json
import struct
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from typer.testing import CliRunner

from bench.report import RESULTS
from lastwish.aws.clients import aws_client
from lastwish.cli import app
from lastwish.preflight import account, load
from tests.support.recorded_calls import Calls, recorded
from tests.support.template import OBSERVABILITY, resources
from tests.support.template import load as template

STACK = "prod"
ARM, X86 = 183, 62  # ELF, e_machine

type Answers = dict[str, Any]

READY: Answers = {
    "sts.GetCallerIdentity": {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/ana"},
    "cloudformation.DescribeStacks": ClientError({"Error": {"Code": "ValidationError"}}, "DescribeStacks"),
    "apigateway.GetAccount": {"cloudwatchRoleArn": "arn:aws:iam::123456789012:role/logs"},
    "lambda.GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 1000}},
    "service-quotas.GetServiceQuota": {"Quota": {"Value": 10_000.0}},
    "dynamodb.ListTables": {"TableNames": ["other-Table", "producer-Table"]},
    "dynamodb.DescribeTable": {"Table": {"WarmThroughput": {"WriteUnitsPerSecond": 4_000}}},
    "s3.ListBuckets": {"Buckets": [{"Name": "other-bucket"}]},
}


def deployed(status: str = "UPDATE_COMPLETE", **parameters: str) -> Answers:
    """There is a stack in this state, with these parameters."""
    found = {
        "StackName": STACK,
        "StackStatus": status,
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        "Outputs": [{"OutputKey": f"{name}Name", "OutputValue": name} for name in ("EventStore", "ReadModel")],
    }
    return {"cloudformation.DescribeStacks": {"Stacks": [found]}}


def concurrency(limit: int) -> Answers:
    return {"lambda.GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": limit}}}


def quota(value: float) -> Answers:
    return {"service-quotas.GetServiceQuota": {"Quota": {"Value": value}}}


def refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


def build(root: Path, machine: int) -> None:
    folder = root / ".aws-sam" / "build" / "FrontendFunction"
    folder.mkdir(parents=True)
    (folder / "fast.so").write_bytes(b"\x7fELF" + bytes(14) + struct.pack("<H", machine))


type Preflight = Callable[..., tuple[int, dict[str, dict[str, Any]]]]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with both files that say what would be deployed, and a build for the default architecture."""
    for name in ("template.yaml", "samconfig.toml"):
        (tmp_path / name).write_text((account.ROOT / name).read_text())
    build(tmp_path, ARM)
    monkeypatch.setattr(account, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def calls() -> Iterator[Calls]:
    """One set of clients for all tests: each takes a fifth of a second to make."""
    with pytest.MonkeyPatch.context() as patched, recorded(patched, READY) as calls:
        patched.setattr("lastwish.site.aws_client", cache(aws_client))
        yield calls


@pytest.fixture
def preflight(root: Path, calls: Calls) -> Preflight:
    """Type the command. Return the exit code and the checks by name."""

    def run(answers: Answers | None = None, *options: str, stack: str = STACK) -> tuple[int, dict[str, dict[str, Any]]]:
        calls.answers = READY | (answers or {})
        done = CliRunner().invoke(app, ["preflight", "--stack", stack, "--json", *options])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        facts = json.loads(done.stdout)
        assert facts["ok"] == all(each["ok"] for each in facts["checks"]) == (done.exit_code == 0)
        return done.exit_code, {each["name"]: each for each in facts["checks"]}

    return run


def test_an_account_that_is_ready_passes_every_check(preflight: Preflight) -> None:
    code, checks = preflight()
    assert code == 0
    assert {name: each["ok"] for name, each in checks.items()} == dict.fromkeys(checks, True)
    assert "account 123456789012, as arn:aws:iam::123456789012:user/ana" in checks["credentials"]["advice"]
    assert "us-east-1" in checks["region"]["advice"]


@pytest.mark.parametrize(
    ("check", "answers", "advice"),
    [
        ("access-logs", {"apigateway.GetAccount": {}}, "sam deploy --config-env account"),
        ("concurrency", concurrency(10), "ConsumerConcurrency=2,"),
        ("concurrency", concurrency(100), "ConsumerConcurrency=25,"),
        ("concurrency", deployed(ConsumerConcurrency="300"), "may take 300 each"),
        ("architecture", deployed(Architecture="x86_64"), "make build ARCH=x86_64"),
        ("stack", deployed("ROLLBACK_COMPLETE"), "prod is ROLLBACK_COMPLETE"),
        ("stack", deployed("UPDATE_IN_PROGRESS"), "wait"),
        ("stack", deployed("UPDATE_ROLLBACK_FAILED"), "continue the rollback"),
        ("leftovers", {"dynamodb.ListTables": {"TableNames": ["prod-Seats-1", "prod-X"]}}, "prod-Seats-1, prod-X"),
        ("leftovers", {"s3.ListBuckets": {"Buckets": [{"Name": "prod-edge-logs-1"}]}}, "prod-edge-logs-1"),
        ("stage-throttle", deployed(ThrottleRate="1000"), "raise it, or deploy with Cdn=true"),
        ("api-requests", quota(1_250.0), "L-8A5B8E43"),
        ("lambda-concurrency", concurrency(200), "L-B99A9384"),
        ("table-writes", quota(100.0), "L-AB614373"),
        (
            "table-writes",
            deployed() | {"dynamodb.DescribeTable": {"Table": {"WarmThroughput": {"WriteUnitsPerSecond": 100}}}},
            "WarmThroughput",
        ),
    ],
)  # fmt: skip
def test_what_is_not_ready_says_what_to_do(preflight: Preflight, check: str, answers: Answers, advice: str) -> None:
    code, checks = preflight(answers)
    assert code == 1
    assert not checks[check]["ok"]
    assert advice in checks[check]["advice"]


@pytest.mark.parametrize("state", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_that_can_be_updated_is_fine_and_its_tables_are_its_own(preflight: Preflight, state: str) -> None:
    _, checks = preflight(deployed(state) | {"dynamodb.ListTables": {"TableNames": ["prod-EventStore-1"]}})
    assert checks["stack"]["ok"]
    assert checks["leftovers"]["ok"]


def test_a_load_that_is_said_is_the_one_that_is_checked(preflight: Preflight) -> None:
    assert preflight(None, "--wishes", "300", "--over", "30")[0] == 0
    _, checks = preflight(None, "--wishes", "65000", "--over", "20")
    assert [name for name, each in checks.items() if not each["ok"]] == [
        "stage-throttle",
        "api-requests",
        "lambda-concurrency",
        "table-writes",
    ]
    assert "65,000 wishes within 20 s" in checks["api-requests"]["advice"]


def test_a_stack_that_samconfig_knows_has_its_parameters(preflight: Preflight) -> None:
    _, checks = preflight(stack="lastwish-prod")
    assert "parser and worker may take 200 each of 1000" in checks["concurrency"]["advice"]
    assert "ThrottleRate is 8,000 requests/s" in checks["stage-throttle"]["advice"]


def test_a_quota_that_nobody_raised_is_the_default(preflight: Preflight) -> None:
    code, _ = preflight(
        {
            "service-quotas.GetServiceQuota": refusal("NoSuchResourceException", "GetServiceQuota"),
            "service-quotas.GetAWSDefaultServiceQuota": {"Quota": {"Value": 40_000.0}},
        }
    )
    assert code == 0


# --- the name ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "advice"),
    [("last_wish", "is no name of a stack"), ("l" * 24, "choose a shorter one")],
)
def test_a_name_that_cannot_be_is_refused(preflight: Preflight, name: str, advice: str) -> None:
    checks = preflight(stack=name)[1]
    assert not checks["name"]["ok"]
    assert advice in checks["name"]["advice"]


def test_the_longest_name_is_what_x_rays_names_leave_of_32_characters(preflight: Preflight) -> None:
    rules = resources("AWS::XRay::SamplingRule", template(OBSERVABILITY)).values()
    groups = resources("AWS::XRay::Group", template(OBSERVABILITY)).values()
    names = [rule["Properties"]["SamplingRule"]["RuleName"]["Fn::Sub"] for rule in rules]
    names += [group["Properties"]["GroupName"]["Fn::Sub"] for group in groups]
    longest = max(len(name.replace("${MainStack}", "")) for name in names)
    assert account.LONGEST_NAME + longest == 32
    assert preflight(stack="l" * account.LONGEST_NAME)[1]["name"]["ok"]


# --- what was built ---------------------------------------------------------------------------------------------------
def test_without_a_build_it_says_how_to_make_one(preflight: Preflight, root: Path) -> None:
    (root / ".aws-sam" / "build" / "FrontendFunction" / "fast.so").unlink()
    checks = preflight()[1]
    assert (checks["architecture"]["ok"], checks["architecture"]["advice"]) == (
        False,
        "nothing is built: make build ARCH=arm64",
    )


@pytest.mark.parametrize(("machine", "named"), [(X86, "built for x86_64"), (8, "built for machine 8")])
def test_a_build_for_other_processors_is_refused(preflight: Preflight, root: Path, machine: int, named: str) -> None:
    file = root / ".aws-sam" / "build" / "FrontendFunction" / "fast.so"
    file.write_bytes(b"\x7fELF" + bytes(14) + struct.pack("<H", machine))
    checks = preflight()[1]
    assert not checks["architecture"]["ok"]
    assert named in checks["architecture"]["advice"]


# --- what cannot be checked -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("code", ["AccessDeniedException", "AccessDenied", "ExpiredTokenException"])
def test_a_check_that_is_refused_says_so_and_stops_no_other(preflight: Preflight, code: str) -> None:
    exit_code, checks = preflight({"apigateway.GetAccount": refusal(code, "GetAccount")})
    assert exit_code == 1
    assert checks["access-logs"]["advice"].startswith("not checked: AWS refuses GetAccount to these credentials")
    assert [name for name, each in checks.items() if not each["ok"]] == ["access-logs"]


def test_an_error_of_aws_is_said_in_its_words(preflight: Preflight) -> None:
    _, checks = preflight({"sts.GetCallerIdentity": refusal("ServiceUnavailable", "GetCallerIdentity")})
    assert "ServiceUnavailable" in checks["credentials"]["advice"]


def test_without_credentials_it_says_how_to_sign_in(preflight: Preflight) -> None:
    _, checks = preflight({"sts.GetCallerIdentity": NoCredentialsError()})
    assert "aws sso login" in checks["credentials"]["advice"]


def test_without_a_region_it_says_which_variable_to_set(preflight: Preflight, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setattr("lastwish.site.aws_client", aws_client)  # new ones
    code, checks = preflight()
    assert code == 1
    assert "AWS_DEFAULT_REGION" in checks["region"]["advice"]
    assert checks["access-logs"]["advice"] == "not checked: no region, see above"


def test_a_check_that_has_no_credentials_points_to_the_one_for_them(preflight: Preflight) -> None:
    _, checks = preflight({"apigateway.GetAccount": NoCredentialsError()})
    assert checks["access-logs"]["advice"] == "not checked: no credentials, see above"


def test_a_person_gets_a_line_for_each_check(preflight: Preflight, calls: Calls) -> None:
    _, checks = preflight()
    calls.answers = READY | {"apigateway.GetAccount": {}}
    done = CliRunner().invoke(app, ["preflight", "--stack", STACK])
    assert done.exit_code == 1
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[1] for line in lines] == list(checks)
    assert [line[1] for line in lines if line[0] == "no"] == ["access-logs"]


# --- where its numbers come from --------------------------------------------------------------------------------------
def test_a_person_asks_for_as_much_as_the_bench_counts() -> None:
    traffic = json.loads(RESULTS.read_text())["caching"]
    people = next(each["asked"] for each in traffic if each["answer"] == "form")
    asked = sum(each["asked"] for each in traffic if not each["answer"].startswith("wall"))
    assert asked / people == load.REQUESTS_PER_PERSON


def test_a_wish_takes_as_many_write_units_as_the_bench_counts() -> None:
    rows = json.loads(RESULTS.read_text())["capacity_units_per_wish"]
    assert [row["projection_writes"] for row in rows if row["slice"] == 20] == [load.UNITS_PER_WISH]
