"""A crowd that repeats itself, on ships too small for it, while workers die: nothing is lost, counted or sold twice."""

import json
import os
import random
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import httpx
import psutil
import pytest

from lastwish.local.state import ROOT
from tests.support.laptop import Laptop, Stack, start_detached, wait_until

# The whole storm: STORM_WISHES=2000 STORM_SEATS=500 .venv/bin/pytest tests/e2e/test_storm.py
WISHES, SEATS = int(os.environ.get("STORM_WISHES", "300")), int(os.environ.get("STORM_SEATS", "100"))
SETTLED = 180.0  # seconds until everything that was killed has come back


@pytest.fixture(scope="module")
def small_ships(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own whose ships are too small, three seats to Mars for two to Jupiter."""
    home = tmp_path_factory.mktemp("storm")
    template = (ROOT / "template.yaml").read_text().replace("CodeUri: src/", f"CodeUri: {ROOT / 'src'}/")
    mars = SEATS * 3 // 5
    small = template.replace("Default: 40000", f"Default: {mars}").replace("Default: 25000", f"Default: {SEATS - mars}")
    assert small != template
    (home / "template.yaml").write_text(small)
    for nested in ("observability.yaml", "edge.yaml", "memory.yaml"):
        (home / nested).write_text((ROOT / nested).read_text())
    stack = start_detached(Laptop(home / "home", {"LASTWISH_TEMPLATE": str(home / "template.yaml")}))
    yield stack
    stack.run("down")


@contextmanager
def dying_workers(stack: Stack) -> Iterator[list[int]]:
    """Kill one of the processes that run the worker function every two seconds, if more is stored; gives their pids.

    Without that condition a machine on which a process takes two seconds to start would never store anything.
    """
    killed: list[int] = []
    over = threading.Event()
    commits = stack.aws("dynamodb").get_paginator("scan")

    def stored() -> int:
        pages = commits.paginate(TableName=stack.outputs["EventStoreName"], Select="COUNT")
        return sum(page["Count"] for page in pages)

    def reap() -> None:
        before = -1
        while not over.wait(2):
            workers = [each for each in psutil.Process(stack.pids["engine"]).children(True) if _runs_the_worker(each)]
            if workers and (now := stored()) > before:
                before = now
                victim = random.choice(workers)
                victim.kill()
                killed.append(victim.pid)

    reaper = threading.Thread(target=reap)
    reaper.start()
    try:
        yield killed
    finally:
        over.set()
        reaper.join()


def _runs_the_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return "WorkerFunction" in process.environ().get("AWS_LAMBDA_FUNCTION_NAME", "")
    return False


def send(stack: Stack, wishes: int) -> set[str]:
    """Wishes of eight clients, every fifth of them sent twice; their ids."""
    keys = [uuid.uuid4() for _ in range(wishes)]
    chance = random.Random(2045)

    def post(key: uuid.UUID) -> str:
        wish = {"message": f"Storm {key}", "destination": chance.choice(["mars", "jupiter"])}
        for _ in range(2 if key.int % 5 == 0 else 1):
            answer = http.post("wishes", json=wish, headers={"Idempotency-Key": str(key)})
            assert answer.status_code == 202, answer.text
        return str(answer.json()["wish_id"])

    with httpx.Client(base_url=stack.url, timeout=60, trust_env=False) as http, ThreadPoolExecutor(8) as clients:
        return set(clients.map(post, keys))


def audit(stack: Stack) -> dict[str, object]:
    done = stack.run("audit", "--json", "--settle", str(SETTLED))
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_storm_loses_nothing_and_sells_no_seat_twice(small_ships: Stack) -> None:
    stack = small_ships
    sqs = stack.aws("sqs")
    for name in ("Inbox", "Pods"):
        # What a dead worker held comes back while the test waits, as often as it takes on a slow machine.
        url, dead = stack.outputs[f"{name}Url"], stack.outputs[f"{name}DlqUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 100})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5", "RedrivePolicy": redrive})
    with dying_workers(stack) as killed:
        wish_ids = send(stack, WISHES)
        found = audit(stack)
    assert killed
    assert found["differences"] == []
    assert (found["accepted"], found["stored"], found["ok"]) == (WISHES, len(wish_ids), True)

    reclaimed = json.loads(stack.run("reclaim", "--json", "--wait", "3").stdout)
    assert reclaimed["ok"]
    with httpx.Client(base_url=stack.url, timeout=60, trust_env=False) as http:

        def ships() -> dict[str, int]:
            both = http.get("manifest").json()["destinations"].values()
            return {name: sum(ship[name] for ship in both) for name in ("boarded", "waitlisted")}

        assert wait_until(lambda: ships() == {"boarded": SEATS, "waitlisted": WISHES - SEATS}, SETTLED)
    assert audit(stack)["differences"] == []


def test_a_rebuild_during_the_storm_ends_with_equal_checksums(small_ships: Stack) -> None:
    with ThreadPoolExecutor(1) as crowd:
        sending = crowd.submit(send, small_ships, WISHES // 2)
        for _ in range(2):
            rebuilt = json.loads(small_ships.run("rebuild", "--json", "--wait", "2").stdout)
            assert rebuilt["ok"], rebuilt
            assert rebuilt["checksum_old"] == rebuilt["checksum_new"]
        sending.result()
    assert audit(small_ships)["differences"] == []
