"""The two policies of the template for operators, held against the calls that `lastwish … --stack` really makes.

Each command runs as it is typed, on moto. What it calls must be granted, and what is granted must be called.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import httpx
import pytest
from typer.testing import CliRunner

from lastwish.cli import app
from lastwish.load import queue_depth
from lastwish.maintenance import stores as stack_stores
from lastwish.maintenance.stores import stores
from lastwish.site import AwsSite, site
from tests.support.aws import Aws
from tests.support.chain import Chain, FakeLambdaClient, batch_with_message
from tests.support.functions import Invoke
from tests.support.importing import MAPPING_FILE, letters, write_sqlite
from tests.support.recorded_calls import Call, Calls, recorded
from tests.support.template import load, resources
from tests.support.traces import TRACE
from tests.support.wishes import ids

STACK = ["--stack", "prod", "--json"]
GROUPS = [name for name in resources("AWS::Logs::LogGroup") if name.endswith("Logs")]
FUNCTIONS = list(resources("AWS::Serverless::Function"))
TABLES = ("EventStore", "ReadModel", "Seats")
QUEUES = ("Inbox", "InboxDlq", "Pods", "PodsDlq", "ProjectorDlq", "Parked")


def physical() -> list[dict[str, str]]:
    kinds = dict.fromkeys(GROUPS, "AWS::Logs::LogGroup") | dict.fromkeys(FUNCTIONS, "AWS::Lambda::Function")
    return [
        {
            "LogicalResourceId": name,
            "PhysicalResourceId": name,
            "ResourceType": kind,
            "LastUpdatedTimestamp": "2026-11-27",
            "ResourceStatus": "CREATE_COMPLETE",
        }
        for name, kind in kinds.items()
    ]


@pytest.fixture
def calls(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    """Record from here on. The stack is called prod, and its API knows every wish."""
    outputs = {f"{name}Name": name for name in TABLES} | {f"{name}Url": aws.urls[name] for name in QUEUES}
    outputs |= {"ApiUrl": "https://api.test/prod/", "UserPoolId": "UserPool"}
    described = {
        "StackName": "prod",
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
    }
    logs = boto3.client("logs")
    for group in GROUPS:
        logs.create_log_group(logGroupName=group)
    answers = {
        "cloudformation.DescribeStacks": {"Stacks": [described]},
        "cloudformation.ListStackResources": {"StackResourceSummaries": physical()},
        "lambda.GetFunctionConfiguration": FakeLambdaClient(mars=1000).get_function_configuration(""),
        "xray.GetTraceSummaries": {"TraceSummaries": [{"Id": TRACE, "Http": {"HttpMethod": "POST"}}]},
        "xray.BatchGetTraces": {"Traces": []},
        "cloudwatch.GetMetricData": {"MetricDataResults": []},
        "cognito-idp.ListUsersInGroup": {"Users": [{"Username": "ana"}]},
        "cognito-idp.AdminCreateUser": {},
        "cognito-idp.AdminSetUserPassword": {},
        "cognito-idp.AdminAddUserToGroup": {},
        "cognito-idp.AdminDeleteUser": {},
    }
    api = httpx.Client(base_url="https://api.test/", transport=httpx.MockTransport(lambda _: httpx.Response(404)))
    monkeypatch.setattr(AwsSite, "http", lambda _: api)
    monkeypatch.setattr("lastwish.site.proxy_process.health", lambda _: "ok")
    monkeypatch.setattr(stack_stores, "MARGIN", -30)  # nobody waits for a function's timeout, which is 30
    with recorded(monkeypatch, answers) as calls:
        yield calls


@pytest.fixture
def chain(aws: Aws, worker: ModuleType, projector: ModuleType, invoke: Invoke, tmp_path: Path) -> Chain:
    return Chain(aws, worker, projector, invoke, tmp_path / "ledger.jsonl", FakeLambdaClient(mars=1000))


def run(*arguments: str) -> dict[str, Any]:
    """Type a command, with --stack and --json."""
    done = CliRunner().invoke(app, [*arguments, *STACK])
    assert not isinstance(done.exception, Exception), done.exception
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def dead_letter(chain: Chain, queue: str, wish_id: str) -> None:
    body = batch_with_message(wish_id, "Feed the cat")["Records"][0]["body"]
    chain.aws.sqs.send_message(QueueUrl=chain.aws.urls[queue], MessageBody=body)


# --- what each command does, in full ----------------------------------------------------------------------------------
def status(_: Chain) -> None:
    assert run("status")["running"] is True


def audit(chain: Chain) -> None:
    chain.send(2)
    dead_letter(chain, "InboxDlq", ids(1)[0])
    dead_letter(chain, "PodsDlq", ids(1)[0])
    assert run("audit", "--settle", "0")["dead_letters"] == 2


def history(chain: Chain) -> None:
    assert run("history", chain.send(1)[0])["commits"]


def trace(_: Chain) -> None:
    assert "expired" in run("trace", ids(1)[0], "--timeout", "0")["error"]


def logs(_: Chain) -> None:
    assert run("logs", ids(1)[0])["lines"] == []


def list_and_show_dead_letters(chain: Chain) -> None:
    for queue in ("InboxDlq", "PodsDlq", "ProjectorDlq", "Parked"):
        dead_letter(chain, queue, ids(1)[0])
    letters = run("dlq", "list", "--parked")["letters"]
    assert sorted(each["queue"] for each in letters) == ["InboxDlq", "Parked", "PodsDlq", "ProjectorDlq"]
    assert run("dlq", "show", letters[0]["message_id"])["wish_id"] == ids(1)[0]


def cost(_: Chain) -> None:
    said = run("cost")
    assert (said["wishes"], said["dollars"], said["per_million"], said["advice"]) == (0, 0, None, [])


def retry(chain: Chain) -> None:
    """It changes nothing: the message that was received stays hidden."""
    inbox = {"QueueUrl": chain.aws.urls["Inbox"]}
    chain.aws.sqs.send_message(**inbox, MessageBody="{}")
    assert chain.aws.sqs.receive_message(**inbox, VisibilityTimeout=60)["Messages"]
    said = run("retry")
    assert (said["waiting"], said["queues"]) == (1, {"Inbox": 1, "Pods": 0})
    assert said["until"] > datetime.now(UTC).isoformat()
    assert "Messages" not in chain.aws.sqs.receive_message(**inbox)


def list_operators(_: Chain) -> None:
    assert run("operator", "list")["operators"] == ["ana"]


def load_with_its_queues(_: Chain) -> None:
    """What a load asks beside the audit."""
    there = site("prod")
    queue_depth.aws_reader(stores(there), there.client("cloudwatch"))()


def rebuild(chain: Chain) -> None:
    chain.send(2)
    chain.send(1, start=2)
    assert run("rebuild", "--patience", "0")["ok"]


def reclaim(chain: Chain) -> None:
    chain.worker.seats.capacity = {"mars": 1, "jupiter": 1}
    chain.send(2)
    chain.aws.dynamodb.put_item(TableName="Seats", Item={"id": {"S": "marks"}, "mars": {"N": "1000"}})
    done = run("reclaim", "--wait", "0")
    assert done == {"ok": True, "leaked": 999, "freed": 999, "boarded": 1, "unreadable": []}


def erase(chain: Chain) -> None:
    wish_id, unstored = ids(2)
    chain.send(1)
    dead_letter(chain, "PodsDlq", wish_id)
    assert "error" in run("erase", wish_id, "--patience", "0")  # nobody projects meanwhile
    chain.project()
    assert run("erase", wish_id)["dead_letters_removed"] == 1
    dead_letter(chain, "InboxDlq", unstored)
    assert "error" in run("erase", unstored, "--patience", "0")
    chain.project()
    assert run("erase", unstored)["ok"]


def erase_after_a_rebuild_that_was_killed(chain: Chain) -> None:
    chain.send(1)
    row = chain.row(ids(1)[0])
    old = row | {"pk": {"S": row["pk"]["S"].replace("1#", "2#")}}
    chain.aws.dynamodb.put_item(TableName="ReadModel", Item=old)
    chain.aws.dynamodb.put_item(
        TableName="ReadModel",
        Item={
            "pk": {"S": "pointer"},
            "sk": {"S": "-"},
            "current": {"N": "1"},
            "live": {"NS": ["1"]},
            "last": {"N": "2"},
        },
    )
    run("erase", ids(1)[0], "--patience", "0")


def redrive_and_park_dead_letters(chain: Chain) -> None:
    chain.send(1)
    for queue in ("InboxDlq", "PodsDlq"):
        dead_letter(chain, queue, ids(1)[0])
    batch = {"DDBStreamBatchInfo": {"batchSize": 1}}
    chain.aws.sqs.send_message(QueueUrl=chain.aws.urls["ProjectorDlq"], MessageBody=json.dumps(batch))
    assert run("dlq", "redrive", "--settle", "0")["done"] == 3
    dead_letter(chain, "PodsDlq", ids(2)[1])
    chain.aws.sqs.send_message(QueueUrl=chain.aws.urls["InboxDlq"], MessageBody="who is this?")
    assert run("dlq", "park", "--reason", "seen", "--class", "stranger", "--settle", "0")["left"] == 1
    [letter] = run("dlq", "list", "--parked", "--class", "stranger")["letters"]
    assert run("dlq", "redrive", letter["message_id"], "--settle", "0")["done"] == 1


def import_an_old_table(chain: Chain) -> None:
    folder = chain.ledger.parent
    (folder / "letters.toml").write_text(MAPPING_FILE)
    source = str(write_sqlite(folder / "letters.db", letters(3)))
    typed = (
        "import",
        source,
        "--mapping",
        str(folder / "letters.toml"),
        "--work",
        str(folder / "work"),
        "--settle",
        "0",
    )
    done = run(*typed, "--no-rebuild")  # nobody projects meanwhile
    assert (done["wishes"], done["compared"]["equal"]) == (3, True)
    assert run(*typed, "--check")["ok"]


def add_operator(_: Chain) -> None:
    assert run("operator", "add", "ana")["new"]


def remove_operator(_: Chain) -> None:
    assert run("operator", "remove", "ana")["removed"]


type Typed = Callable[[Chain], None]
READS: list[Typed] = [
    status,
    audit,
    history,
    trace,
    logs,
    cost,
    list_and_show_dead_letters,
    retry,
    list_operators,
    load_with_its_queues,
]
CHANGES: list[Typed] = [
    rebuild,
    reclaim,
    erase,
    erase_after_a_rebuild_that_was_killed,
    redrive_and_park_dead_letters,
    import_an_old_table,
    add_operator,
    remove_operator,
]


# --- what the template grants -----------------------------------------------------------------------------------------
def statements(policy: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = load()["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"]
    return found


def resource(value: Any) -> str:
    match value:
        case {"Fn::GetAtt": [name, "Arn"]}:
            return str(name)
        case {"Fn::Sub": str(arn)} if arn.endswith(":${AWS::AccountId}:stack/${AWS::StackName}/*"):
            return "AWS::StackName"
        case "*":
            return "*"
        case _:
            raise ValueError(f"no known resource: {value}")


def granted(*policies: str) -> set[Call]:
    found = set()
    for statement in (each for policy in policies for each in statements(policy)):
        assert statement["Effect"] == "Allow"
        of = statement["Resource"]
        for action in statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]:
            found |= {(action, resource(each)) for each in (of if isinstance(of, list) else [of])}
    return found


@pytest.mark.parametrize("typed", READS, ids=lambda each: each.__name__)
def test_who_may_read_may_do_all_that_a_reading_command_does(typed: Typed, chain: Chain, calls: Calls) -> None:
    typed(chain)
    assert calls.made
    assert calls.made - granted("OperatorsMayRead") == set()


@pytest.mark.parametrize("typed", CHANGES, ids=lambda each: each.__name__)
def test_who_may_change_too_may_do_all_that_a_changing_command_does(typed: Typed, chain: Chain, calls: Calls) -> None:
    typed(chain)
    assert calls.made - granted("OperatorsMayRead", "OperatorsMayChange") == set()
    assert calls.made - granted("OperatorsMayRead"), "it changes nothing: the reading policy is enough"


@pytest.mark.parametrize(("policy", "commands"), [("OperatorsMayRead", READS), ("OperatorsMayChange", CHANGES)])
def test_nothing_is_granted_that_no_command_calls(
    policy: str, commands: list[Typed], chain: Chain, calls: Calls
) -> None:
    for typed in commands:
        typed(chain)
        empty(chain)
    assert granted(policy) - calls.made == set()


def empty(chain: Chain) -> None:
    """Begin anew."""
    for name in TABLES:
        keys = [key["AttributeName"] for key in chain.aws.dynamodb.describe_table(TableName=name)["Table"]["KeySchema"]]
        for item in chain.aws.dynamodb.scan(TableName=name)["Items"]:
            chain.aws.dynamodb.delete_item(TableName=name, Key={key: item[key] for key in keys})
    for queue, url in chain.aws.urls.items():
        for message in chain.aws.messages(queue):
            chain.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    chain.delivered.clear()
    chain.worker.seats.capacity = {"mars": 1000, "jupiter": 1000}


def test_the_policies_have_nothing_in_common() -> None:
    assert granted("OperatorsMayRead") & granted("OperatorsMayChange") == set()


def test_every_resource_is_named_but_where_aws_has_none() -> None:
    everywhere = {action for action, of in granted("OperatorsMayRead", "OperatorsMayChange") if of == "*"}
    assert everywhere == {"cloudwatch:GetMetricData", "xray:GetTraceSummaries", "xray:BatchGetTraces"}


def test_people_find_the_policies_among_the_outputs_on_aws() -> None:
    outputs = load()["Outputs"]
    for output, policy in {"ReadPolicy": "OperatorsMayRead", "ChangePolicy": "OperatorsMayChange"}.items():
        assert outputs[output]["Value"] == {"Fn::If": ["OnAws", {"Ref": policy}, "none"]}
        assert load()["Resources"][policy]["Condition"] == "OnAws"
