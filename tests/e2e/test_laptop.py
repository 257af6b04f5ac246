"""`up`, `down`, `status`, `reset` and `submit` as a person uses them, and everything that can go wrong around them."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from domain.commit import wish_of
from lastwish.local import foreground
from lastwish.local.proxy.ledger import promised
from lastwish.local.stack import LocalStack
from lastwish.local.state import Home
from lastwish.site import site
from tests.support import ROOT
from tests.support.laptop import PATIENCE, Laptop, Stack, lives, start_detached, wait_until

# --- a stack that runs ------------------------------------------------------------------------------------------------


def test_up_says_where_everything_is(stack: Stack) -> None:
    assert stack.url.startswith("http://127.0.0.1:")
    assert stack.wall == stack.url + "wall"
    assert stack.outputs["ApiUrl"] == stack.url
    assert {"InboxUrl", "InboxDlqUrl", "PodsUrl", "PodsDlqUrl", "EventStoreName"} <= stack.outputs.keys()
    assert all(psutil.pid_exists(pid) for pid in stack.pids.values())
    assert stack.pids.keys() >= {"engine", "proxy"}


def test_the_outputs_name_queues_and_a_table_that_answer(stack: Stack) -> None:
    queues = [stack.outputs[name] for name in ("InboxUrl", "InboxDlqUrl", "PodsUrl", "PodsDlqUrl")]

    assert all(stack.aws("sqs").get_queue_attributes(QueueUrl=each, AttributeNames=["All"]) for each in queues)
    assert stack.aws("dynamodb").describe_table(TableName=stack.outputs["EventStoreName"])


def test_the_page_is_where_up_says(stack: Stack) -> None:
    page = httpx.get(stack.url, headers={"Accept": "text/html"}, timeout=60)

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")


def test_everything_listens_on_loopback_only(stack: Stack) -> None:
    processes = stack.laptop.processes()
    listening = {c.laddr.ip for each in processes for c in each.net_connections("inet") if c.status == "LISTEN"}

    assert listening == {"127.0.0.1"}


def test_a_proxy_of_the_operators_shell_is_not_asked(stack: Stack) -> None:
    done = stack.laptop.run("status", HTTP_PROXY="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9")
    assert done.returncode == 0, done.stderr


def test_status_of_a_healthy_stack_is_a_success(stack: Stack) -> None:
    done = stack.run("status", "--json")

    said = json.loads(done.stdout)
    assert done.returncode == 0
    assert (said["running"], said["url"], said["engine"]) == (True, stack.url, stack.engine)
    assert said["health"] == {"engine": "ok", "agent": "ok", "proxy": "ok", "api": "ok", "resources": "ok"}


def test_a_second_up_says_where_the_first_onelives(stack: Stack) -> None:
    done = stack.run("up", "--detach", "--json")

    assert done.returncode == 1
    assert f"already running at {stack.url}" in done.stderr
    assert json.loads(done.stdout)["url"] == stack.url


def test_a_submitted_wish_is_followed_until_it_is_boarded(stack: Stack) -> None:
    done = stack.run("submit", "Tell the whales we are sorry.", "--to", "jupiter", "--name", "Ada", "--json")

    said = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert said.keys() >= {"wish_id", "status", "seat", "trace_id", "elapsed_ms"}
    assert said["status"] == "boarded"


def test_a_refused_wish_says_which_field_is_wrong(stack: Stack) -> None:
    done = stack.run("submit", " ", "--to", "mars", "--json")

    assert done.returncode == 1
    assert "message" in json.loads(done.stdout)["error"]
    assert "Traceback" not in done.stderr


def test_two_hundred_wishes_by_eight_clients_at_once_are_all_recorded_and_stored_once(stack: Stack) -> None:
    def post(number: int) -> tuple[int, str]:
        wish = {"message": f"wish {number}", "destination": "mars"}
        answer = httpx.post(f"{stack.url}wishes", json=wish, timeout=PATIENCE)
        return answer.status_code, answer.json().get("wish_id", "")

    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(post, range(200)))
    wish_ids = {wish_id for _, wish_id in answers}

    assert {status for status, _ in answers} == {202}
    assert len(wish_ids) == 200
    assert wish_ids <= set(promised(stack.home / "ledger.jsonl"))
    assert wait_until(lambda: wish_ids <= set(_stored(stack)))
    assert sorted(each for each in _stored(stack) if each in wish_ids) == sorted(wish_ids)


def _stored(stack: Stack) -> list[str]:
    """The wish id of every commit in the store."""
    pages = stack.aws("dynamodb").get_paginator("scan").paginate(TableName=stack.outputs["EventStoreName"])
    return [wish_of(item["stream"]["S"]) for page in pages for item in page["Items"]]


def test_a_form_is_in_the_ledger_too(stack: Stack) -> None:
    answer = httpx.post(f"{stack.url}wishes", data={"message": "by form", "destination": "mars"}, timeout=60)

    assert answer.status_code == 303
    assert answer.headers["location"].rpartition("/")[2] in promised(stack.home / "ledger.jsonl")


def test_the_env_file_leads_a_local_invocation_to_this_stack(stack: Stack) -> None:
    variables = json.loads((stack.home / "env.json").read_text())

    assert variables.keys() >= {"FrontendFunction", "ParserFunction", "WorkerFunction"}
    port = stack.engine.rpartition(":")[2]
    assert {each["AWS_ENDPOINT_URL"] for each in variables.values()} == {f"http://host.docker.internal:{port}"}
    assert variables["FrontendFunction"]["INBOX_URL"] == stack.outputs["InboxUrl"]
    assert variables["WorkerFunction"]["EVENT_STORE"] == stack.outputs["EventStoreName"]


@pytest.fixture
def aws(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's ordinary AWS configuration, of which the engine is the endpoint."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.engine)


@pytest.mark.usefixtures("aws")
def test_a_stack_on_aws_is_found_by_its_name() -> None:
    assert re.fullmatch(r"https://\w+\.execute-api\.us-east-1\.amazonaws\.com/local/", site("lastwish-local").url)


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("command", [["status"], ["submit", "hello", "--to", "mars"]])
def test_a_stack_that_aws_does_not_have_is_a_plain_error(laptop: Laptop, command: list[str]) -> None:
    done = laptop.run(*command, "--stack", "nowhere", "--json")

    assert done.returncode == 1
    assert "nowhere does not exist" in json.loads(done.stdout)["error"]
    assert "Traceback" not in done.stderr


# --- the control plane ------------------------------------------------------------------------------------------------

SIGNED = "Authorization: AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/{}/aws4_request, Signature=0"
PATHS_BEHIND_THE_DOOR = [
    "/_ministack/health",
    "/_ministack/ready",
    "/_localstack/health",
    "/health/../_ministack/health",
    "/./_ministack/health",
    "//_ministack/health",
    "/_ministack%2fhealth",
    "/%5fministack/health",
    "/wishes/..%2f..%2f_ministack/health",
    "/wishes/../../../../_ministack/health",
    "/wishes/%2e%2e/%2e%2e/%2e%2e/%2e%2e/_ministack/health",
    "/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/_ministack/health",
    "/assets/..%5c..%5c_ministack",
    "/assets/%252e%252e%252f_ministack",
    "/assets/..;/..;/_ministack/health",
    "/_aws/sqs/messages",
    "/_aws/execute-api/any/local/health",
    "/2015-03-31/functions",
    "/restapis",
    "/000000000000/lastwish-local-Inbox",
    "http://{engine}/_ministack/health",
    "http://sqs.us-east-1.amazonaws.com/?Action=ListQueues",
]


def _raw(url: str, *lines: str, body: str = "") -> tuple[int, str]:
    """Send exactly these lines, as no well-behaved client would. Returns the status and all that came back."""
    where = urlsplit(url)
    with socket.create_connection((where.hostname, where.port), timeout=60) as connection:
        head = [*lines, "Connection: close", f"Content-Length: {len(body)}"]
        connection.sendall(("\r\n".join(head) + "\r\n\r\n" + body).encode("latin-1"))
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode("latin-1")
    return int(answer.split()[1]), answer


def test_the_control_plane_answers_who_reaches_it(stack: Stack) -> None:
    status, answer = _raw(stack.engine, "GET /_ministack/health HTTP/1.1", "Host: x")

    assert (status, '"services"' in answer) == (200, True)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", PATHS_BEHIND_THE_DOOR)
def test_no_path_leads_to_the_control_plane(stack: Stack, method: str, path: str) -> None:
    target = path.format(engine=urlsplit(stack.engine).netloc)
    status, answer = _raw(stack.url, f"{method} {target} HTTP/1.1", "Host: 127.0.0.1")

    assert status == 404
    assert "There is nothing at this path." in answer


@pytest.mark.parametrize(
    "headers",
    [
        ["Host: sqs.us-east-1.amazonaws.com"],
        ["Host: dynamodb.us-east-1.amazonaws.com", "X-Amz-Target: DynamoDB_20120810.ListTables"],
        ["Host: 127.0.0.1", "X-Amz-Target: AmazonSQS.ListQueues"],
        ["Host: 127.0.0.1", SIGNED.format("sqs")],
        ["Host: 127.0.0.1", SIGNED.format("s3")],
        ["Host: 127.0.0.1", "X-Forwarded-Host: s3.us-east-1.amazonaws.com", "X-Forwarded-Prefix: /_ministack"],
        ["Host: 127.0.0.1", "X-Original-URL: /_ministack/health", "X-Rewrite-URL: /_ministack/health"],
        ["Host: 127.0.0.1", "X-HTTP-Method-Override: DELETE"],
        ["Host: abc.execute-api.us-east-1.amazonaws.com"],
        ["Host: lastwish.s3.us-east-1.amazonaws.com"],
    ],
)
def test_no_header_leads_to_the_control_plane(stack: Stack, headers: list[str]) -> None:
    status, answer = _raw(stack.url, "GET /health HTTP/1.1", *headers)
    _, ordinary = _raw(stack.url, "GET /health HTTP/1.1", "Host: 127.0.0.1")

    assert (status, answer.partition("\r\n\r\n")[2]) == (200, ordinary.partition("\r\n\r\n")[2])


@pytest.mark.parametrize(
    "query", ["Action=ListQueues&Version=2012-11-05", "X-Amz-Credential=test/1/us-east-1/sqs/aws4_request"]
)
def test_no_query_leads_to_the_control_plane(stack: Stack, query: str) -> None:
    status, answer = _raw(stack.url, f"GET /health?{query} HTTP/1.1", "Host: 127.0.0.1")

    assert status == 200
    assert "ListQueues" not in answer


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/x-amz-json-1.0"])
def test_no_body_leads_to_the_control_plane(stack: Stack, content_type: str) -> None:
    lines = [
        "POST /wishes?Action=ListQueues HTTP/1.1",
        "Host: sqs.us-east-1.amazonaws.com",
        f"Content-Type: {content_type}",
    ]
    status, answer = _raw(stack.url, *lines, "X-Amz-Target: AmazonSQS.ListQueues", body="Action=ListQueues")

    assert status in (400, 415, 422)
    assert "QueueUrl" not in answer


def test_a_second_request_hidden_in_the_first_goes_nowhere(stack: Stack) -> None:
    hidden = "0\r\n\r\nGET /_ministack/health HTTP/1.1\r\nHost: x\r\n\r\n"
    lines = ["POST /wishes HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", "Transfer-Encoding: chunked"]
    _, answer = _raw(stack.url, *lines, body=hidden)

    assert '"services"' not in answer


# --- a stack of one's own, to break ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Another stack, beside the first."""
    running = start_detached(Laptop(tmp_path_factory.mktemp("second") / "home"))
    yield running
    running.run("down")
    assert running.laptop.is_clean()


@pytest.fixture(scope="module")
def loading(second: Stack) -> Iterator["subprocess.Popen[str]"]:
    """A load of it, under way. Nothing that it sends is tried for long."""
    assert second.run("reset").returncode == 0
    options = ("--wishes", "150", "--over", "15", "--give-up", "1", "--settle", "0")
    running = second.laptop.start("load", "--json", *options, "--report", str(second.home / "load.html"))
    assert wait_until(lambda: len(promised(second.home / "ledger.jsonl")) > 5)
    yield running
    running.kill()


@pytest.fixture(scope="module")
def wounded(second: Stack, loading: "subprocess.Popen[str]") -> Stack:
    """The same after somebody killed its engine."""
    assert loading.poll() is None
    psutil.Process(second.pids["engine"]).kill()
    assert wait_until(lambda: not lives(second.pids["engine"]))
    return second


def test_reset_empties_the_stack_and_the_ledger(second: Stack) -> None:
    assert second.run("submit", "soon forgotten", "--to", "mars").returncode == 0
    done = second.run("reset", "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["running"] is True
    assert _stored(second) == promised(second.home / "ledger.jsonl") == []


def test_a_wish_boards_after_a_reset(second: Stack) -> None:
    assert second.run("reset").returncode == 0
    assert second.run("submit", "a fresh start", "--to", "mars").returncode == 0
    assert len(_stored(second)) == 1


def test_a_load_whose_engine_dies_still_reports(wounded: Stack, loading: "subprocess.Popen[str]") -> None:
    out, errors = loading.communicate(timeout=120)
    found = json.loads(out)
    assert loading.returncode == 1, errors
    assert found["failures"][0].startswith("the audit failed")
    assert found["audit_ok"] is None
    assert 5 < found["accepted"] < 150
    assert found["given_up"] == 150 - found["accepted"]
    assert "The audit failed" in (wounded.home / "load.html").read_text()


def test_status_says_that_the_engine_is_dead(wounded: Stack) -> None:
    done = wounded.run("status", "--json")

    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert said["running"] is False
    assert said["health"]["engine"].startswith("is dead")
    assert said["health"]["proxy"] == "ok"


def test_a_wish_for_a_dead_engine_is_not_promised(wounded: Stack) -> None:
    before = promised(wounded.home / "ledger.jsonl")
    answer = httpx.post(f"{wounded.url}wishes", json={"message": "hello", "destination": "mars"}, timeout=60)

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"].isdecimal()
    assert promised(wounded.home / "ledger.jsonl") == before


def test_a_submit_that_nobody_takes_ends_with_a_plain_line(wounded: Stack) -> None:
    done = wounded.run("submit", "hello", "--to", "mars", "--timeout", "2", "--json")

    assert done.returncode == 1
    assert "refused" in json.loads(done.stdout)["error"]
    assert "Traceback" not in done.stderr


def test_an_up_beside_a_half_dead_stack_names_the_remedy(wounded: Stack) -> None:
    done = wounded.run("up", "--detach")

    assert done.returncode == 1
    assert "lastwish down" in done.stderr


def test_down_removes_what_a_killed_engine_left(wounded: Stack) -> None:
    done = wounded.run("down", "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout)["running"] is False
    assert wounded.laptop.is_clean()


# --- what ends before there is a stack --------------------------------------------------------------------------------


def test_down_without_up_says_that_nothing_was_running(laptop: Laptop) -> None:
    done = laptop.run("down", "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout) == {"running": False, "stopped": []}
    assert "nothing was running" in laptop.run("down").stdout


@pytest.mark.parametrize("command", [["status"], ["reset"], ["submit", "hello", "--to", "mars"]])
def test_a_command_without_a_stack_says_so(laptop: Laptop, command: list[str]) -> None:
    done = laptop.run(*command, "--json")

    assert done.returncode == 1
    assert json.loads(done.stdout)["running"] is False
    assert "nothing is running" in done.stderr


def test_a_taken_port_is_named_before_anything_starts(laptop: Laptop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = laptop.run("up", "--detach", "--port", str(port))

    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr
    assert not (laptop.home / "engine.log").exists()


def test_a_failed_deploy_says_why_and_leaves_nothing(laptop: Laptop, tmp_path: Path) -> None:
    elsewhere = tmp_path / "template.yaml"  # without the code that it speaks of
    for file in ("template.yaml", "observability.yaml"):
        (tmp_path / file).write_text((ROOT / file).read_text())
    done = laptop.run("up", "--detach", "--json", "--port", "0", LASTWISH_TEMPLATE=str(elsewhere))

    assert done.returncode == 1
    assert "deploy failed" in json.loads(done.stdout)["error"]
    assert "CodeUri" in done.stderr
    assert "Traceback" not in done.stderr
    assert laptop.is_clean()


def test_ctrl_c_during_the_start_leaves_nothing(laptop: Laptop) -> None:
    starting = laptop.start("up", "--port", "0")
    assert wait_until((laptop.home / "deploy.log").exists)
    starting.send_signal(signal.SIGINT)
    _, said = starting.communicate(timeout=PATIENCE)

    assert starting.returncode == 130
    assert "interrupted" in said
    assert laptop.is_clean()


def test_down_removes_what_a_killed_up_left(laptop: Laptop) -> None:
    starting = laptop.start("up", "--port", "0")
    assert wait_until((laptop.home / "deploy.log").exists)
    starting.kill()
    starting.communicate(timeout=PATIENCE)
    done = laptop.run("down", "--json")

    assert "engine" in json.loads(done.stdout)["stopped"]
    assert laptop.is_clean()


# --- in the foreground ------------------------------------------------------------------------------------------------


def test_ctrl_c_stops_a_stack_in_the_foreground(laptop: Laptop) -> None:
    running = laptop.start("up", "--json", "--port", "0")
    assert running.stdout is not None
    assert httpx.get(json.loads(running.stdout.readline())["url"] + "health", timeout=60).status_code == 200
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=PATIENCE)

    assert running.returncode == 0
    assert "stopped" in said
    assert laptop.is_clean()


def test_a_signal_between_the_announcement_and_the_watch_stops_the_stack_too(laptop: Laptop) -> None:
    local = LocalStack(Home(laptop.home))

    ended = foreground.run(local, lambda: local.up(0), lambda _: signal.raise_signal(signal.SIGTERM), note=print)

    assert ended == "stopped"
    assert laptop.is_clean()


def test_an_engine_that_dies_ends_the_foreground(laptop: Laptop) -> None:
    running = laptop.start("up", "--json", "--port", "0")
    assert running.stdout is not None
    psutil.Process(json.loads(running.stdout.readline())["pids"]["engine"]).kill()
    _, said = running.communicate(timeout=PATIENCE)

    assert running.returncode == 1
    assert "the engine died" in said
    assert laptop.is_clean()


# --- the command line itself ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args", [[], ["nonsense"], ["submit", "x"], ["submit", "x", "--to", "venus"], ["up", "--port", "-1"]]
)
def test_bad_usage_exits_with_2(laptop: Laptop, args: list[str]) -> None:
    assert laptop.run(*args).returncode == 2


def test_the_version_is_told(laptop: Laptop) -> None:
    assert laptop.run("--version").stdout.strip()
