"""Start and check the engine's process: MiniStack, which runs the functions, queues and tables on this laptop."""

import socket
import subprocess
import sys

from lastwish.aws.clients import REGION
from lastwish.errors import EngineFailed
from lastwish.local import environment
from lastwish.local.network import http_status
from lastwish.local.processes import failure_to_start, spawn
from lastwish.local.state import Home

START_TIMEOUT = 60.0
USUAL_PORT = 4566  # people expect an AWS emulator here


def start(home: Home, functions: dict[str, str]) -> tuple["subprocess.Popen[bytes]", str]:
    """Start MiniStack on loopback, at its usual port or a free one. Returns process and endpoint, not ready yet.

    `functions` are environment variables for the functions, which inherit the engine's.
    """
    with _bind() as bound:  # the engine inherits it, so that no other program can take the port meanwhile
        port, number = bound.getsockname()[1], bound.fileno()
        env = environment.clean(home) | {
            # Its port serves the whole AWS control plane: never on a network.
            "BIND_HOST": environment.HOST,
            "MINISTACK_HOST": environment.HOST,
            "GATEWAY_PORT": str(port),
            "MINISTACK_REGION": REGION,
            "LAMBDA_EXECUTOR": "local",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "S3_DATA_DIR": str(home.tmp / "s3"),
        }
        command = [sys.executable, "-m", "lastwish.local.engine.server", "--fd", str(number)]
        process = spawn(command, env | functions, home.log("engine"), cwd=home.tmp, pass_fds=[number])
    return process, f"http://{environment.HOST}:{port}"


def wait_until_ready(process: "subprocess.Popen[bytes]", engine: str, home: Home) -> None:
    """Wait until it answers. Raises EngineFailed when it ends first, or takes too long."""
    if reason := failure_to_start(process, lambda: answers(engine), START_TIMEOUT, home.log("engine")):
        raise EngineFailed(f"the engine did not start: {reason}")


def answers(engine: str) -> bool:
    """Return whether an engine answers at this endpoint URL."""
    return http_status(f"{engine}/_ministack/health") == 200


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
