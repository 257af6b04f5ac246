"""The chain with the roles of the template: each function may do what it does, and does what it may."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from domain.commit import stream_of
from lastwish.aws.clients import REGION, physical_ids
from lastwish.local.door import KEY_HEADER
from lastwish.local.state import STACK
from observability.permissions import granted
from tests.support.accounts import sign_in
from tests.support.deployed_chain import DeployedChain
from tests.support.laptop import Laptop, Stack, start_detached, wait_until

NOWHERE = "nowhere"
PATH = "/lastwish/local/"

type Used = set[tuple[str, str, str]]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose functions have the permissions of their roles only."""
    settings = {"LASTWISH_AUTH": "true", "LASTWISH_PARAMETER_PATH": PATH}
    laptop = Laptop(tmp_path_factory.mktemp("roles") / "home", settings)
    running = start_detached(laptop)
    yield running
    laptop.run("down")


@pytest.fixture(scope="module")
def chain(stack: Stack) -> Iterator[DeployedChain]:
    with DeployedChain(stack) as chain:
        yield chain


@pytest.fixture(scope="module")
def operator(stack: Stack) -> Iterator[httpx.Client]:
    """A signed-in operator of a browser."""
    facts = json.loads(stack.run("status", "--json").stdout)
    headers = {"Authorization": f"Bearer {sign_in(facts)}"}
    with httpx.Client(base_url=stack.url, headers=headers, timeout=60, trust_env=False) as http:
        yield http


@pytest.fixture(scope="module")
def used(stack: Stack, chain: DeployedChain, operator: httpx.Client) -> Used:
    """What the functions called, as (function, action, logical resource), after all that people and faults bring."""
    ordinary(chain)
    moderated(chain, operator)
    broken(stack, chain)
    erased(stack, chain, operator)
    return calls(stack)


def ordinary(chain: DeployedChain) -> None:
    """The audience."""
    wishes = [chain.post(f"least privilege {n}") for n in range(3)]
    chain.wait_until_stored(*wishes)
    for path in ("", "wall", "health", "manifest", "wishes", f"wishes/{wishes[0]}", f"wishes/{wishes[0]}/trace"):
        assert chain.http.get(path).status_code == 200, path
    assert wait_until(lambda: chain.http.get("wishes").json()["wishes"])


def moderated(chain: DeployedChain, operator: httpx.Client) -> None:
    """The operators."""
    held, shown = chain.post("https://spam.example is nothing but a link"), chain.post("to be erased")
    chain.wait_until_stored(held, shown)
    chain.stack.aws("ssm").put_parameter(Name=f"{PATH}ClosedDestinations", Value="jupiter", Type="String")
    assert wait_until(lambda: chain.told(chain.post("too late", destination="jupiter"))["status"] == "rejected")
    chain.stack.aws("ssm").delete_parameter(Name=f"{PATH}ClosedDestinations")
    assert operator.get("ops/queue").status_code == 200
    assert wait_until(lambda: operator.post(f"ops/wishes/{shown}/hide", json={}).status_code == 200)
    assert operator.post(f"ops/wishes/{shown}/erase", json={}).status_code == 200
    for on in (True, False):
        assert operator.post("ops/wall/panic", json={"on": on}).status_code == 200
    facts = json.loads(chain.stack.run("status", "--json").stdout)["operator"]
    signed_in = operator.post("sign-in", json={"name": facts["username"], "password": facts["password"]})
    assert signed_in.status_code == 200
    assert operator.get("ops/mission").json()["missing"] == []
    assert operator.get("ops/logs").status_code == 200


def broken(stack: Stack, chain: DeployedChain) -> None:
    """What may be wrong: a message without envelope, another commit of the wish, no seat, a service that refuses."""
    for queue in ("InboxUrl", "PodsUrl"):
        chain.sqs.send_message(QueueUrl=stack.outputs[queue], MessageBody="no envelope")
    assert wait_until(lambda: chain.waiting("InboxDlqUrl") == chain.waiting("PodsDlqUrl") == 1)
    key = uuid.uuid4()
    chain.wait_until_stored(twice := chain.post("twice", key=key))
    stored_by_somebody_else(chain, twice)
    chain.post("twice", key=key)
    assert wait_until(lambda: ("worker", "dynamodb:Query", "EventStore") in calls(stack))
    with chain.endpoint("WorkerFunction", JUPITER_SEATS="0"):
        chain.wait_until_stored(chain.post("no seat left", destination="jupiter"))
    with chain.endpoint("ParserFunction", PODS_URL=f"{stack.outputs['PodsUrl']}-{NOWHERE}"):
        chain.post("later")
        assert wait_until(lambda: ("parser", "sqs:ChangeMessageVisibility", "Inbox") in calls(stack))
    with chain.endpoint("WorkerFunction", SEATS=NOWHERE):
        chain.post("later too")
        assert wait_until(lambda: ("worker", "sqs:ChangeMessageVisibility", "Pods") in calls(stack))


def erased(stack: Stack, chain: DeployedChain, operator: httpx.Client) -> None:
    """What the console erases beside commits: dead letters, a parked one, and what a killed rebuild left."""
    wish_id = chain.post("to be erased everywhere")
    chain.wait_until_stored(wish_id)
    model, body = stack.outputs["ReadModelName"], json.dumps({"subject": wish_id, "data": {"message": "everywhere"}})
    for queue in ("InboxDlqUrl", "PodsDlqUrl", "ParkedUrl"):
        chain.sqs.send_message(QueueUrl=stack.outputs[queue], MessageBody=body)

    def rows() -> list[dict[str, Any]]:
        items = chain.dynamodb.scan(TableName=model, ConsistentRead=True)["Items"]
        return [each for each in items if each["sk"]["S"] == wish_id]

    assert wait_until(rows)
    [row] = rows()
    left = row | {"pk": {"S": row["pk"]["S"].replace("1#", "2#", 1)}}
    chain.dynamodb.put_item(TableName=model, Item=left)
    chain.dynamodb.update_item(
        TableName=model,
        Key={"pk": {"S": "pointer"}, "sk": {"S": "-"}},
        UpdateExpression="SET #last = :two",
        ExpressionAttributeNames={"#last": "last"},
        ExpressionAttributeValues={":two": {"N": "2"}},
    )
    assert wait_until(lambda: operator.post(f"ops/wishes/{wish_id}/erase", json={}).status_code == 200)
    assert "Item" not in chain.dynamodb.get_item(TableName=model, Key={name: left[name] for name in ("pk", "sk")})
    assert chain.waiting("InboxDlqUrl") == chain.waiting("PodsDlqUrl") == 1  # those without a wish
    assert chain.waiting("ParkedUrl") == 0


def stored_by_somebody_else(chain: DeployedChain, wish_id: str) -> None:
    """Give the commit of a wish another id, as if another delivery of it had been faster."""
    chain.dynamodb.update_item(
        TableName=chain.stack.outputs["EventStoreName"],
        Key={"stream": {"S": stream_of(wish_id)}, "version": {"N": "1"}},
        UpdateExpression="SET commit_id = :other",
        ExpressionAttributeValues={":other": {"S": str(uuid.uuid4())}},
    )


def calls(stack: Stack) -> Used:
    """The engine's record of the functions, in the template's names."""
    physical = physical_ids(stack.aws("cloudformation"), STACK)
    functions = {name: logical.removesuffix("Function").lower() for logical, name in physical.items()}
    logical = {name.rpartition("/")[2]: each for each, name in physical.items()}
    log_groups = {name: each for each, name in physical.items() if each.endswith("Logs")}

    def name(arn: str) -> str:
        whole = arn.removesuffix(":*").rpartition(":")[2]
        if whole in log_groups:
            return log_groups[whole]
        if whole.startswith(f"parameter{PATH}"):
            return whole.replace(f"parameter{PATH}", "ParameterPath/")
        head, _, rest = whole.removeprefix("table/").removeprefix("userpool/").partition("/")
        return "/".join(filter(None, (logical.get(head, head), rest)))

    return {
        (functions[each["caller"]], each["action"], name(each["resource"]))
        for each in record(stack)
        if each["caller"] in functions
    }


def record(stack: Stack) -> list[dict[str, Any]]:
    """The engine's record, as it gives it."""
    answer = httpx.get(f"{stack.engine}/_lastwish/calls", headers={KEY_HEADER: stack.key}, trust_env=False, timeout=60)
    rows: list[dict[str, Any]] = answer.json()
    return rows


def may() -> Used:
    return {(each.function, each.action, each.resource) for each in granted() if each.user == "the function"}


def test_the_engine_knows_which_function_calls_and_which_does_not(stack: Stack, used: Used) -> None:
    assert ("frontend", "sqs:SendMessage", "Inbox") in used
    assert ("frontend", "dynamodb:PutItem", "EventStore") not in used
    others = {(each["caller"], each["action"]) for each in record(stack)}
    assert {("agent", "cloudwatch:PutMetricData"), ("commands", "cloudformation:CreateStack")} <= others


def test_nothing_is_granted_that_is_never_called(used: Used) -> None:
    of_the_agent = {each for each in may() if each[1].startswith("xray:")}  # which stands in for X-Ray
    assert may() - of_the_agent - used == set()


def test_nothing_is_called_that_is_not_granted(used: Used) -> None:
    refused_on_purpose = {each for each in used if each[2].endswith(NOWHERE)}
    assert used - refused_on_purpose - may() == set()
    assert refused_on_purpose


@pytest.mark.usefixtures("used")
def test_what_a_function_may_do_is_all_that_its_credentials_can(stack: Stack, chain: DeployedChain) -> None:
    chain.wait_until_stored(chain.post("so that a worker runs"))
    worker, console = (credentials(stack, name) for name in ("WorkerFunction", "ConsoleFunction"))
    store, model = stack.outputs["EventStoreName"], stack.outputs["ReadModelName"]
    row = {"pk": {"S": "a row"}, "sk": {"S": "x"}}
    refused = {
        "drop the store": lambda: worker("dynamodb").delete_table(TableName=store),
        "read all of it": lambda: worker("dynamodb").scan(TableName=store),
        "write the read model": lambda: worker("dynamodb").put_item(TableName=model, Item=row),
        "send to the parser": lambda: worker("sqs").send_message(QueueUrl=stack.outputs["InboxUrl"], MessageBody="x"),
        "drop the pointer": lambda: console("dynamodb").delete_item(
            TableName=model, Key={"pk": {"S": "pointer"}, "sk": {"S": "-"}}
        ),
        "change a row": lambda: console("dynamodb").update_item(
            TableName=model, Key=row, UpdateExpression="SET a = sk"
        ),
        "make an operator": lambda: console("cognito-idp").admin_create_user(
            UserPoolId=stack.outputs["UserPoolId"], Username="me"
        ),
    }
    assert {what: error_of(call) for what, call in refused.items()} == dict.fromkeys(refused, "AccessDenied")


def error_of(call: Callable[[], object]) -> str:
    """First word of AWS's error code; empty where it worked."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"].removesuffix("Exception")
    return ""


def credentials(stack: Stack, function: str) -> Callable[[str], Any]:
    """Makes clients with the credentials that a running function has."""
    [environ, *_] = [
        environ
        for each in stack.laptop.processes()
        if function in (environ := each.environ()).get("AWS_ACCESS_KEY_ID", "")
    ]
    names = {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}
    keys = {name: environ[name.upper()] for name in names}
    return lambda service: boto3.client(service, region_name=REGION, endpoint_url=stack.engine, **keys)


@pytest.mark.usefixtures("used")
def test_nothing_was_lost_under_the_roles(stack: Stack) -> None:
    assert stack.run("retry").returncode == 0  # what was refused waits for its next try
    done = stack.run("audit", "--settle", "60", "--json")
    assert json.loads(done.stdout)["differences"] == []
