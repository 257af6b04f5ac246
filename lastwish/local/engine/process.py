"""Start and check the engine's process: MiniStack, which runs the functions, queues and tables on this laptop."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from lastwish.aws.clients import REGION, Endpoint
from lastwish.errors import EngineFailed
from lastwish.local import environment
from lastwish.local.door import KEY_HEADER, new_key
from lastwish.local.engine.journal import PATH
from lastwish.local.network import http_status
from lastwish.local.processes import failure_to_start, spawn
from lastwish.local.state import Home

START_TIMEOUT = 60.0
USUAL_PORT = 4566  # people expect an AWS emulator here
# X-Ray's SDK in a function writes a mark here, at a path that it does not let anybody choose.
XRAY_FOLDER = Path("/tmp/.aws-xray")  # nosec B108 # noqa: S108


def start(home: Home, functions: dict[str, str]) -> tuple["subprocess.Popen[bytes]", Endpoint]:
    """Start MiniStack on loopback, at its usual port or a free one. Returns process and endpoint, not ready yet.

    The endpoint has a new key. `functions` are environment variables for the functions, which inherit the engine's.
    Raises EngineFailed.
    """
    key = new_key()
    _own(XRAY_FOLDER)
    with _bind() as bound:  # the engine inherits it, so that no other program can take the port meanwhile
        port, number = bound.getsockname()[1], bound.fileno()
        env = environment.clean(home, key) | {
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
        }
        command = [sys.executable, "-m", "lastwish.local.engine.server", "--fd", str(number)]
        command += ["--journal", str(home.journal)]
        process = spawn(command, env | functions, home.log("engine"), cwd=home.tmp, pass_fds=[number])
    return process, Endpoint(f"http://{environment.HOST}:{port}", key)


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
    _journal(engine, "PUT", json={"inbox": outputs["InboxUrl"].rpartition("/")[2], **tables})


def clear_journal(engine: Endpoint) -> int:
    """Make the engine forget its journal. Returns how many lines it had. Raises EngineFailed."""
    return int(_journal(engine, "DELETE")["forgotten"])


def _journal(engine: Endpoint, method: str, **body: Any) -> Any:
    headers = {KEY_HEADER: engine.key}
    try:
        answer = httpx.request(method, engine.url + PATH, headers=headers, trust_env=False, **body)
        return answer.raise_for_status().json()
    except httpx.HTTPError as error:
        raise EngineFailed(f"the engine's journal does not answer: {error}") from error


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


def _bind() -> socket.socket:
    """Return a socket at the usual port or a free one. It does not listen: the engine refuses a port that answers."""
    for candidate in (USUAL_PORT, 0):
        bound = socket.socket()
        try:
            bound.bind((environment.HOST, candidate))
        except OSError:
            bound.close()
        else:
            return bound
    raise EngineFailed("there is no free port on loopback")
