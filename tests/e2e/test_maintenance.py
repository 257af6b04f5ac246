"""The operator's commands on the real template, while wishes keep coming."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from lastwish.aws.clients import physical_ids
from lastwish.local.state import STACK
from tests.support.laptop import Stack, wait_until


@pytest.fixture
def http(stack: Stack) -> Iterator[httpx.Client]:
    """A clean stack's API: other tests share it, and leave what an audit would find."""
    assert stack.run("reset").returncode == 0
    with httpx.Client(base_url=stack.url, timeout=30, trust_env=False) as client:
        yield client


def post(http: httpx.Client, message: str) -> str:
    answer = http.post("wishes", json={"message": message, "destination": "mars"})
    assert answer.status_code == 202
    wish_id: str = answer.json()["wish_id"]
    return wish_id


def operate(stack: Stack, *command: str) -> dict[str, Any]:
    done = stack.run(*command, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_what_was_answered_is_stored_and_all_stores_agree(stack: Stack, http: httpx.Client) -> None:
    wish_ids = [post(http, f"Water plant {n}") for n in range(25)]
    report = operate(stack, "audit", "--settle", "60")
    assert (report["ok"], report["accepted"], report["stored"]) == (True, 25, 25)
    [commit] = operate(stack, "history", wish_ids[0])["commits"]
    assert (commit["version"], commit["state"]["status"]) == (1, "boarded")


def test_a_promise_that_was_not_kept_is_found(stack: Stack, http: httpx.Client) -> None:
    lost = str(uuid.uuid4())
    with (stack.home / "ledger.jsonl").open("a") as ledger:
        ledger.write(json.dumps({"wish_id": lost, "status": 202}) + "\n")
    done = stack.run("audit", "--json", "--settle", "0")
    assert done.returncode == 1
    assert [each["wish_id"] for each in json.loads(done.stdout)["differences"]] == [lost]


@contextmanager
def paused(stack: Stack, function: str) -> Iterator[None]:
    """Switch a function's consumer off, so that its queue keeps what is sent."""
    functions = physical_ids(stack.aws("cloudformation"), STACK, "AWS::Lambda::Function")
    client = stack.aws("lambda")
    [mapping] = client.list_event_source_mappings(FunctionName=functions[function])["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def test_what_waits_in_a_queue_is_in_flight_and_excuses_no_lost_wish(stack: Stack, http: httpx.Client) -> None:
    with paused(stack, "WorkerFunction"):
        waiting = post(http, "I wait in Pods")
        lost = str(uuid.uuid4())
        with (stack.home / "ledger.jsonl").open("a") as ledger:
            ledger.write(json.dumps({"wish_id": lost, "status": 202}) + "\n")
        done = stack.run("audit", "--json", "--settle", "2")
    report = json.loads(done.stdout)
    assert (done.returncode, report["ok"], report["in_flight"]) == (1, False, 1)
    assert {each["wish_id"]: each["kind"] for each in report["differences"]} == {waiting: "in-flight", lost: "missing"}
    assert all(each["repair"] for each in report["differences"])


def test_an_emptied_ledger_is_no_proof(stack: Stack, http: httpx.Client) -> None:
    wish_id = post(http, "Nobody remembers that I was promised")
    assert wait_until(lambda: http.get(f"wishes/{wish_id}").status_code == 200)
    (stack.home / "ledger.jsonl").write_text("")
    done = stack.run("audit", "--json", "--settle", "5")
    assert done.returncode == 1
    assert [(each["kind"], each["wish_id"]) for each in json.loads(done.stdout)["differences"]] == [
        ("unpromised", wish_id)
    ]


def test_an_erased_wish_is_nowhere_any_more(stack: Stack, http: httpx.Client) -> None:
    secret = f"the vault opens with {uuid.uuid4()}"
    wish_id = post(http, secret)
    assert wait_until(lambda: http.get(f"wishes/{wish_id}").status_code == 200)
    assert operate(stack, "erase", wish_id)["commits_scrubbed"] == 1
    for table in ("EventStoreName", "ReadModelName", "SeatsName"):
        assert secret not in json.dumps(stack.aws("dynamodb").scan(TableName=stack.outputs[table])["Items"])
    wish = http.get(f"wishes/{wish_id}").json()
    assert (wish["status"], wish["message"]) == ("erased", None)
    assert operate(stack, "audit", "--settle", "60")["ok"]


def test_rebuilds_under_load_end_equal(stack: Stack, http: httpx.Client) -> None:
    with ThreadPoolExecutor(4) as crowd:
        posting = [crowd.submit(post, http, f"Under load {n}") for n in range(400)]
        for generation in (2, 3):
            done = operate(stack, "rebuild", "--wait", "1")
            assert done["checksum_old"] == done["checksum_new"]
            assert (done["ok"], done["generation"], done["lagging"]) == (True, generation, 0)
        assert all(each.result() for each in posting)
    report = operate(stack, "audit", "--settle", "60")
    assert (report["accepted"], report["stored"]) == (400, 400)


def test_leaked_seats_come_back(stack: Stack, http: httpx.Client) -> None:
    post(http, "First on board")
    assert operate(stack, "audit", "--settle", "60")["ok"]
    stack.aws("dynamodb").update_item(
        TableName=stack.outputs["SeatsName"],
        Key={"id": {"S": "marks"}},
        UpdateExpression="ADD mars :three",
        ExpressionAttributeValues={":three": {"N": "3"}},
    )
    done = operate(stack, "reclaim", "--wait", "1")
    assert (done["leaked"], done["freed"], done["boarded"]) == (3, 3, 0)
    assert operate(stack, "audit")["ok"]


@pytest.mark.parametrize("command", [["audit"], ["rebuild"], ["reclaim"], ["history"], ["erase", "--yes"]])
def test_without_a_stack_each_command_says_so_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, stack: Stack, command: list[str]
) -> None:
    nowhere = {"LASTWISH_HOME": str(tmp_path_factory.mktemp("nowhere"))}
    which = [str(uuid.uuid4())] if command[0] in ("history", "erase") else []
    done = stack.laptop.run(*command, *which, **nowhere)
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1)
