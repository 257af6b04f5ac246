"""How many wishes a second go through the whole chain, and through one that only passes on, on the same engine."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import httpx

from lastwish.aws.clients import REGION, describe_stack, engine_client
from lastwish.local import environment, interrupts
from lastwish.local.engine import process as engine
from lastwish.local.processes import ProcessId, stop
from lastwish.local.state import ROOT, Home

PATIENCE = 120.0
POLL = 0.05
WISH = {"message": "Tell the whales we are sorry.", "destination": "jupiter", "name": "The last boarding call"}


class BenchFailed(Exception):  # noqa: N818 - it is named for what happened
    """A wish was refused or not stored in time, so there is nothing to compare."""


@dataclass(frozen=True)
class Pipeline:
    """A deployed chain: where wishes go in, and the table where they end."""

    name: str
    url: str
    table: str
    dynamodb: Any

    def stored(self) -> int:
        """Items in its table now."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table, Select="COUNT", ConsistentRead=True)
        return sum(page["Count"] for page in pages)

    def rate(self, wishes: int, clients: int) -> float:
        """Wishes per second from the first request to the last item stored. Raises BenchFailed."""
        before = self.stored()
        started = time.perf_counter()
        with ThreadPoolExecutor(clients) as crowd:
            list(crowd.map(self._post, [len(range(n, wishes, clients)) for n in range(clients)]))
        while (missing := before + wishes - self.stored()) > 0:
            if time.perf_counter() - started > PATIENCE:
                raise BenchFailed(f"{self.name}: {missing} of {wishes} wishes were not stored in {PATIENCE:g} s")
            time.sleep(POLL)
        return wishes / (time.perf_counter() - started)

    def _post(self, wishes: int) -> None:
        with httpx.Client(timeout=60, trust_env=False) as http:
            for _ in range(wishes):
                answer = http.post(self.url, json=WISH)
                if answer.status_code != 202:
                    raise BenchFailed(f"{self.name} answered {answer.status_code} to a wish")


def measure(wishes: int, clients: int, rounds: int) -> dict[str, list[float]]:
    """Rates of both pipelines, round by round and in turn, after a warm-up that starts every worker."""
    with _pipelines() as both:
        for each in both:
            each.rate(wishes // 2, clients)
        found: dict[str, list[float]] = {each.name: [] for each in both}
        for _ in range(rounds):
            for each in both:
                found[each.name].append(round(each.rate(wishes, clients), 1))
    return found


def ratio(rates: dict[str, list[float]]) -> float:
    """The chain's median rate as a part of the other's."""
    return round(median(rates["chain"]) / median(rates["pass-through"]), 2)


@contextmanager
def _pipelines() -> Iterator[tuple[Pipeline, Pipeline]]:
    with TemporaryDirectory(prefix="lastwish-bench-") as directory:
        home = Home(Path(directory))
        home.create()
        process = None
        try:
            with interrupts.deferred():
                process, endpoint = engine.start(home)
            engine.wait_until_ready(process, endpoint, home)
            yield (
                _deployed("pass-through", Path(__file__).with_name("passthrough.yaml"), endpoint, home),
                _deployed("chain", ROOT / "template.yaml", endpoint, home, "--parameter-overrides=Stage=local"),
            )
        finally:
            if process:
                stop(ProcessId.of(process.pid))
                process.wait()


def _deployed(name: str, template: Path, endpoint: str, home: Home, *options: str) -> Pipeline:
    command = [str(Path(sys.executable).with_name("sam")), "deploy", "--stack-name", name, "--resolve-s3", *options]
    # Nothing of the repository's samconfig.toml: it is about other stacks.
    config = home.path / "samconfig.toml"
    config.write_text("version = 0.1\n")
    command += ["--template-file", str(template), "--config-file", str(config)]
    command += ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-confirm-changeset"]
    command += ["--region", REGION]
    env = environment.clean(home) | {"AWS_ENDPOINT_URL": endpoint}
    done = subprocess.run(command, env=env, cwd=home.tmp, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchFailed(f"{name} was not deployed: {done.stderr or done.stdout}")
    outputs = describe_stack(engine_client("cloudformation", endpoint), name)[1]
    return Pipeline(name, _url(endpoint, outputs), outputs["EventStoreName"], engine_client("dynamodb", endpoint))


def _url(endpoint: str, outputs: dict[str, str]) -> str:
    """Where the engine serves ``https://{api id}.execute-api.{region}.amazonaws.com/{stage}/``, and the route."""
    aws = urlsplit(outputs["ApiUrl"])
    return f"{endpoint}/_aws/execute-api/{aws.netloc.partition('.')[0]}/{aws.path.strip('/')}/wishes"
