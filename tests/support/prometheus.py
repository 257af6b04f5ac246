"""A real Prometheus and its promtool, from Debian's package."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.laptop import wait_until

INSTALLED = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("promtool")),
    reason="no Prometheus: apt-get install prometheus (.ci/run takes its two programs, without the service)",
)


class Prometheus:
    """One that runs, and its API."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str, **parameters: str) -> Any:
        answer = self._client.get(f"api/v1/{path}", params=parameters).raise_for_status().json()
        return answer["data"]

    def query(self, expression: str) -> dict[str, float]:
        """Values by the label `alertname`, or by the first label there is."""
        found = self.get("query", query=expression)["result"]
        return {_name(each["metric"]): float(each["value"][1]) for each in found}

    def is_ready(self) -> bool:
        try:
            return self._client.get("-/ready").is_success
        except httpx.HTTPError:
            return False


def _name(labels: dict[str, str]) -> str:
    named = {name: value for name, value in labels.items() if name not in ("__name__", "instance", "job", "stack")}
    return named.get("alertname") or next(iter(named.values()), "")


def promtool(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def running(config: Path, data: Path) -> Iterator[Prometheus]:
    """Start Prometheus on a free port of loopback; it is gone afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={data}"]
    with (data.parent / "prometheus.log").open("w+") as log:
        process = subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=log, stderr=log)
        try:
            with httpx.Client(base_url=f"http://{address}/", trust_env=False) as client:
                prometheus = Prometheus(client)
                assert wait_until(prometheus.is_ready), (data.parent / "prometheus.log").read_text()
                yield prometheus
        finally:
            process.terminate()
            process.wait(20)
