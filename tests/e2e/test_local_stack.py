"""`up`, `status` and `submit` as a person uses them, on a stack that runs."""

import json
import re

import httpx
import psutil
import pytest

from lastwish.local.proxy.ledger import promised
from lastwish.site import site
from tests.support.laptop import Laptop, Stack


def test_up_reports_where_everything_is(stack: Stack) -> None:
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
    assert said["health"] == dict.fromkeys(("engine", "agent", "proxy", "watcher", "api", "resources"), "ok")


def test_a_second_up_says_where_the_first_one_lives(stack: Stack) -> None:
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


def test_a_form_is_in_the_ledger_too(stack: Stack) -> None:
    answer = httpx.post(f"{stack.url}wishes", data={"message": "by form", "destination": "mars"}, timeout=60)

    assert answer.status_code == 303
    assert answer.headers["location"].rpartition("/")[2] in promised(stack.home / "ledger.jsonl")


def test_the_env_file_leads_a_local_invocation_to_this_stack(stack: Stack) -> None:
    variables = json.loads((stack.home / "env.json").read_text())

    assert variables.keys() >= {"FrontendFunction", "ParserFunction", "WorkerFunction"}
    port = stack.engine.rpartition(":")[2]
    assert {each["AWS_ENDPOINT_URL"] for each in variables.values()} == {f"http://host.docker.internal:{port}"}
    assert {each["AWS_ACCESS_KEY_ID"].partition(".")[0] for each in variables.values()} == {stack.key}
    assert variables["FrontendFunction"]["INBOX_URL"] == stack.outputs["InboxUrl"]
    assert variables["WorkerFunction"]["EVENT_STORE"] == stack.outputs["EventStoreName"]


def test_here_a_batch_that_the_projector_cannot_apply_is_given_up_after_an_hour(stack: Stack) -> None:
    """The engine tries again on the thread that polls the queues: without an end no wish would board."""
    mappings = stack.aws("lambda").list_event_source_mappings()["EventSourceMappings"]
    (stream,) = [each for each in mappings if ":dynamodb:" in each["EventSourceArn"]]
    assert stream["MaximumRecordAgeInSeconds"] == 3600


@pytest.fixture
def aws(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.as_aws(monkeypatch)


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


# --- the command line itself ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args", [[], ["nonsense"], ["submit", "x"], ["submit", "x", "--to", "venus"], ["up", "--port", "-1"]]
)
def test_bad_usage_exits_with_2(laptop: Laptop, args: list[str]) -> None:
    assert laptop.run(*args).returncode == 2


def test_the_version_is_told(laptop: Laptop) -> None:
    assert laptop.run("--version").stdout.strip()
