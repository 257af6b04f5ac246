"""Who gets in to the engine and the agent: this stack's own programs, and nobody else on this machine."""

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.exceptions import ClientError

from lastwish.aws.clients import Endpoint, describe_stack, engine_client
from lastwish.local import deploy
from lastwish.local.door import KEY_HEADER
from lastwish.local.proxy import api_call
from lastwish.local.proxy.api_call import ApiCall
from lastwish.local.state import STACK
from tests.support.laptop import Stack, wait_until

NOBODY = 65534  # a user that owns nothing
# What people and tools try: no key, well-known ones, and what chooses an account in MiniStack.
OTHER_KEYS = ["", "test", "testing", "000000000000", "123456789012", "AKIAIOSFODNN7EXAMPLE"]


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, timeout=60, trust_env=False)


@pytest.mark.parametrize("service", ["dynamodb", "sqs", "cognito-idp", "cloudwatch", "cloudformation", "s3", "lambda"])
def test_the_printed_credentials_open_the_engine(stack: Stack, service: str) -> None:
    operation = {
        "dynamodb": "list_tables", "sqs": "list_queues", "cloudwatch": "describe_alarms", "s3": "list_buckets",
        "cloudformation": "list_stacks", "lambda": "list_functions",
    }.get(service)  # fmt: skip
    ours, theirs = stack.aws(service), engine_client(service, Endpoint(stack.engine, "test"))
    calls = [getattr(each, operation) if operation else _list_users(each, stack) for each in (ours, theirs)]

    assert calls[0]()["ResponseMetadata"]["HTTPStatusCode"] == 200
    with pytest.raises(ClientError) as refused:
        calls[1]()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def _list_users(client: Any, stack: Stack) -> Any:
    return lambda: client.list_users(UserPoolId=stack.outputs["UserPoolId"])


@pytest.mark.parametrize("key", OTHER_KEYS)
def test_no_other_key_opens_anything(stack: Stack, key: str) -> None:
    refused = [
        get(f"{stack.engine}/_ministack/health", **{KEY_HEADER: key}),
        get(f"{stack.engine}/_lastwish/calls", **{KEY_HEADER: key}),
        get(f"{stack.engine}{stage_path(stack)}/health", **{KEY_HEADER: key}),
        get(f"{stack.xray}/_lastwish/health", **{KEY_HEADER: key}),
        httpx.post(f"{stack.xray}/TraceSummaries", headers={KEY_HEADER: key}, json={}, trust_env=False),
        httpx.delete(f"{stack.xray}/_lastwish/traces", headers={KEY_HEADER: key}, trust_env=False),
        httpx.post(f"{stack.engine}/_ministack/reset", headers={KEY_HEADER: key}, trust_env=False),
    ]
    assert [each.status_code for each in refused] == [403] * len(refused)
    assert {each.json()["__type"] for each in refused} == {"AccessDeniedException"}


@pytest.mark.parametrize("pool", ["nopool", "us-east-1_nopool", "real"])
def test_no_path_is_open_without_the_key(stack: Stack, pool: str) -> None:
    """Nor the user pool's public keys: MiniStack takes a request with another pool's name for any other service."""
    name = stack.outputs["UserPoolId"] if pool == "real" else pool
    url = f"{stack.engine}/{name}/.well-known/jwks.json"
    tables = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}

    refused = [get(url), get(url, **tables), get(f"{url}?Action=ListQueues&Version=2012-11-05")]
    assert [each.status_code for each in refused] == [403] * 3


def test_only_the_proxy_reaches_the_stage(stack: Stack) -> None:
    direct = stack.engine + stage_path(stack)
    api_id = stage_path(stack).split("/")[3]
    port = urlsplit(stack.engine).port

    assert get(f"{direct}/health").status_code == 403
    assert get(f"{stack.engine}/health", Host=f"{api_id}.execute-api.localhost:{port}").status_code == 403
    assert get(f"{stack.engine}/restapis/{api_id}/local/_user_request_/health").status_code == 403
    assert get(f"{stack.url}health").status_code == 200
    assert get(f"{direct}/health", **{KEY_HEADER: stack.key}).status_code == 200


def stage_path(stack: Stack) -> str:
    """Path of the API's stage at the engine."""
    return deploy.stage_path(describe_stack(stack.aws("cloudformation"), STACK)[1]["ApiUrl"])


def test_a_report_of_a_call_that_nobody_made_is_dropped(stack: Stack) -> None:
    """Another user of this machine can send datagrams. Those with the key become metrics and alarms."""

    def agent() -> dict[str, int]:
        counters: dict[str, int] = get(f"{stack.xray}/_lastwish/health", **{KEY_HEADER: stack.key}).json()
        return counters

    before = agent()["malformed"]
    forged = ApiCall("POST", "/wishes").complete(500).datagram(api_call.header("test"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(forged, agent_address(stack))
    assert wait_until(lambda: agent()["malformed"] > before)


def agent_address(stack: Stack) -> tuple[str, int]:
    """Where the X-Ray daemon's datagrams go."""
    with Path(f"/proc/{stack.pids['engine']}/environ").open("rb") as environ:
        [daemon] = [each for each in environ.read().split(b"\0") if each.startswith(b"AWS_XRAY_DAEMON_ADDRESS=")]
    host, _, port = daemon.partition(b"=")[2].decode().rpartition(":")
    return host, int(port)


# --- another user of this machine -------------------------------------------------------------------------------------

INTRUDER = """
    import http.client, json, os, sys
    home, engine, agent, stage = sys.argv[1:]
    got_in = []
    for folder, _, files in os.walk(home):  # nothing, where the folder cannot be entered
        got_in += [os.path.join(folder, name) for name in files]
    for name in ("state.json", "env.json", "engine.log", "ledger.jsonl", "tmp/state/cognito-rsa-key.pem"):
        try:
            open(os.path.join(home, name)).close()
            got_in.append(name)
        except OSError:
            pass
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for file in ("cmdline", "environ"):
            try:
                said = open(f"/proc/{pid}/{file}", "rb").read()
            except OSError:
                continue
            if os.stat(f"/proc/{pid}").st_uid != os.getuid() and b"LW" + b"KEY" in said:
                got_in.append(f"{pid} {file}")
    for where, path in ((engine, "/_ministack/health"), (engine, stage + "/health"), (agent, "/_lastwish/health")):
        connection = http.client.HTTPConnection(where, timeout=30)
        signed = "AWS4-HMAC-SHA256 Credential=test/20451127/us-east-1/sqs/aws4_request"
        connection.request("GET", path, headers={"Authorization": signed})
        if connection.getresponse().status != 403:
            got_in.append(where + path)
    print(json.dumps(got_in))
"""


@pytest.fixture
def python_of_the_system() -> str:
    """An interpreter that every user may run."""
    if os.getuid() != 0:
        pytest.skip("only root can try it as another user")
    found = shutil.which("python3", path="/usr/bin:/bin")
    if found is None:
        pytest.skip("there is no python3 in /usr/bin that another user could run")
    return found


def test_another_user_of_this_machine_stays_out(stack: Stack, python_of_the_system: str) -> None:
    script = textwrap.dedent(INTRUDER).replace('b"LW" + b"KEY"', repr(stack.key.encode()))
    arguments = [str(stack.home), urlsplit(stack.engine).netloc, urlsplit(stack.xray).netloc, stage_path(stack)]
    # The script goes in through a pipe: as an argument it would itself show the key to everybody.
    done = subprocess.run(
        [python_of_the_system, "-", *arguments], input=script, text=True, capture_output=True, check=False,
        user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_what_the_stack_writes_is_its_owners_only(stack: Stack) -> None:
    """Also should somebody open the folder: what holds a key, a password or a text is private by itself."""
    kept = [path for path in stack.home.rglob("*") if path.is_file() or path.is_dir()]
    open_to_others = [path for path in kept if stat.S_IMODE(path.stat().st_mode) & 0o077]

    assert stack.home / "tmp" / "state" / "cognito-rsa-key.pem" in kept
    assert open_to_others == []


def test_no_process_shows_the_key_in_its_command_line(stack: Stack) -> None:
    shown = [each.cmdline() for each in stack.laptop.processes() if any(stack.key in word for word in each.cmdline())]
    assert shown == []
    assert sys.executable in stack.laptop.processes()[0].cmdline()
