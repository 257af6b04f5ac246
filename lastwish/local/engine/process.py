"""Start and check the engine's process: MiniStack, which runs the functions, queues and tables on this laptop."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from lastwish.aws.clients import REGION, Endpoint
from lastwish.errors import EngineFailed
from lastwish.local import environment
from lastwish.local.door import KEY_HEADER
from lastwish.local.engine import paths
from lastwish.local.network import http_status
from lastwish.local.processes import failure_to_start, spawn
from lastwish.local.state import Home, State

START_TIMEOUT = 60.0
USUAL_PORT = 4566  # people expect an AWS emulator here
# X-Ray's SDK in a function writes a mark here, at a path that it does not let anybody choose.
XRAY_FOLDER = Path("/tmp/.aws-xray")  # nosec B108 # noqa: S108


def start(state: State, home: Home) -> tuple["subprocess.Popen[bytes]", str]:
    """Start MiniStack on loopback, at its former port, its usual one or a free one. Returns process and URL.

    It is not ready yet. Of `state` it takes the key, the former URL and the agent's addresses. Raises EngineFailed.
    """
    _own(XRAY_FOLDER)
    former = urlsplit(state.engine).port
    with _bind(former) as bound:  # the engine inherits it, so that no other program can take the port meanwhile
        port, number = bound.getsockname()[1], bound.fileno()
        env = environment.clean(home, state.key) | {
            # Its port serves the whole AWS control plane: never on a network.
            "BIND_HOST": environment.HOST,
            "MINISTACK_HOST": environment.HOST,
            "GATEWAY_PORT": str(port),
            "MINISTACK_REGION": REGION,
            "LAMBDA_EXECUTOR": "local",
            "AUTH": _under_roles(),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            # Its defaults are fixed folders in the system's temporary one, where everybody reads Cognito's keys.
            "STATE_DIR": str(home.tmp / "state"),
            "S3_DATA_DIR": str(home.tmp / "s3"),
            # The functions inherit the engine's environment: their SDKs find the agent by these.
            "AWS_ENDPOINT_URL_XRAY": state.xray,
            "AWS_XRAY_DAEMON_ADDRESS": state.daemon,
        }
        command = [sys.executable, "-m", "lastwish.local.engine.server", "--fd", str(number)]
        command += ["--journal", str(home.journal)]
        process = spawn(command, env, home.log("engine"), cwd=home.tmp, pass_fds=[number])
    return process, f"http://{environment.HOST}:{port}"


def wait_until_ready(process: "subprocess.Popen[bytes]", engine: Endpoint, home: Home) -> None:
    """Wait until it answers. Raises EngineFailed when it ends first, or takes too long."""
    if reason := failure_to_start(process, lambda: answers(engine), START_TIMEOUT, home.log("engine")):
        raise EngineFailed(f"the engine did not start: {reason}")


def answers(engine: Endpoint) -> bool:
    """Return whether this engine answers, and not another one at its port."""
    return http_status(f"{engine.url}/_ministack/health", {KEY_HEADER: engine.key}) == 200


def start_journal(engine: Endpoint, outputs: Mapping[str, str]) -> None:
    """Tell the engine the names of what it journals from now on. Raises EngineFailed."""
    tables = {"event_store": outputs["EventStoreName"], "read_model": outputs["ReadModelName"]}
    own_call(engine, "PUT", paths.JOURNAL, json={"inbox": outputs["InboxUrl"].rpartition("/")[2], **tables})


def clear_journal(engine: Endpoint) -> int:
    """Make the engine forget its journal. Returns how many lines it had. Raises EngineFailed."""
    return int(own_call(engine, "DELETE", paths.JOURNAL)["forgotten"])


def retry(engine: Endpoint) -> dict[str, int]:
    """Make what waits in the work queues visible now. Returns how many messages, by queue. Raises EngineFailed."""
    counts: dict[str, int] = own_call(engine, "POST", paths.RETRY)
    return counts


def clear_measurements(engine: Endpoint) -> dict[str, int]:
    """Make the engine forget metrics, log lines and alarms' states. Returns how many of each. Raises EngineFailed."""
    counts: dict[str, int] = own_call(engine, "DELETE", paths.MEASUREMENTS)
    return counts


def messages(engine: Endpoint, queue: str) -> list[str]:
    """Return the bodies of a queue's messages, by its URL. Nobody receives them by this. Raises EngineFailed."""
    accounts = own_call(engine, "GET", "/_ministack/sqs/messages", params={"QueueUrl": queue})["messages"].values()
    queues = [found for regions in accounts for region in regions.values() for found in region.values()]
    return [str(message["Body"]) for found in queues for message in found]


def own_call(engine: Endpoint, method: str, path: str, **body: Any) -> Any:
    """Call what no AWS service answers: a layer before the engine, or the engine about itself. Raises EngineFailed."""
    headers = {KEY_HEADER: engine.key}
    try:
        answer = httpx.request(method, engine.url + path, headers=headers, timeout=30, trust_env=False, **body)
        if answer.status_code == 400:
            raise EngineFailed(str(answer.json()["message"]))
        return answer.raise_for_status().json()
    except httpx.HTTPError as error:
        raise EngineFailed(f"the engine does not answer {path}: {error}") from error


def _under_roles() -> str:
    """Return whether each function has its role's permissions only, as MiniStack wants it told."""
    said = os.environ.get("LASTWISH_AUTH") or "false"
    if said not in {"true", "false"}:
        raise EngineFailed(f"LASTWISH_AUTH is true or false, not {said}")
    return said


def _own(folder: Path) -> None:
    """Take a folder of the shared temporary one: a link in one of another user's would empty a file of ours."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise EngineFailed(f"cannot make {folder}: {error.strerror}") from error
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
        raise EngineFailed(
            f"{folder} is not yours, and X-Ray's SDK writes there in your name: have its owner remove it"
        )
    folder.chmod(0o700)


def _bind(former: int | None) -> socket.socket:
    """Return a socket at one of three ports. It does not listen: the engine refuses a port that answers."""
    for candidate in filter(lambda port: port is not None, (former, USUAL_PORT, 0)):
        bound = socket.socket()
        if candidate == former:  # connections to the killed engine may keep its port for a minute
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((environment.HOST, candidate))
        except OSError:
            bound.close()
        else:
            return bound
    raise EngineFailed("there is no free port on loopback")
