"""The MiniStack process: an AWS emulator that runs the functions, the queues and the table on this laptop."""

import socket
import subprocess
import sys
from contextlib import suppress

import httpx

from lastwish.aws.clients import REGION
from lastwish.errors import EngineFailed
from lastwish.local import environment
from lastwish.local.processes import comes_up, spawn, tail
from lastwish.local.state import Home

START_TIMEOUT = 60.0
USUAL_PORT = 4566  # where people, and what they have written down, expect an AWS emulator


def start(home: Home, functions: dict[str, str]) -> tuple["subprocess.Popen[bytes]", str]:
    """Start MiniStack on loopback, at its usual port or a free one. Returns process and endpoint, not ready yet.

    `functions` are environment variables for the functions, which inherit the engine's.
    """
    port = _free_port()
    env = environment.clean(home) | {
        # Its port speaks the whole control plane: never on a network.
        "BIND_HOST": environment.HOST,
        "MINISTACK_HOST": environment.HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "LAMBDA_EXECUTOR": "local",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "S3_DATA_DIR": str(home.tmp / "s3"),
    }
    env |= functions
    process = spawn([sys.executable, "-m", "lastwish.local.engine.server"], env, home.log("engine"), cwd=home.tmp)
    return process, f"http://{environment.HOST}:{port}"


def wait_until_ready(process: "subprocess.Popen[bytes]", engine: str, home: Home) -> None:
    """Return once it answers. Raises EngineFailed when it ends first, or takes too long."""
    if comes_up(process, lambda: answers(engine), START_TIMEOUT):
        return
    if process.poll() is None:
        raise EngineFailed(f"the engine did not answer within {START_TIMEOUT:g} s (see {home.log('engine')})")
    said = tail(home.log("engine")) or f"it ended with code {process.returncode}"
    raise EngineFailed(f"the engine did not start: {said} (see {home.log('engine')})")


def answers(engine: str) -> bool:
    """Whether an engine answers at this endpoint URL."""
    try:
        return httpx.get(f"{engine}/_ministack/health", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    for wanted in (USUAL_PORT, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((environment.HOST, wanted))
            port: int = probe.getsockname()[1]
            return port
    raise EngineFailed("there is no free port on loopback")
