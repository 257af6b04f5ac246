"""The proxy's processes on real sockets, with a stand-in for the engine: one for this machine, one for the network."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from lastwish.local.network import bind, url_of
from lastwish.local.proxy.ledger import promised
from tests.support import ROOT
from tests.support.laptop import wait_until
from tests.support.load_server import load_server
from tests.support.slow_clients import (
    BODY,
    HEAD,
    OTHER_ADDRESS,
    alive,
    allow_open_files,
    connected,
    dripping,
    has_other_address,
)

OPEN_FILES = 256  # of each process: a crowd of hundreds is a crowd of thousands
WISH = {"message": "hello", "destination": "mars"}


@dataclass
class Doors:
    """The proxy's two processes: URLs for this machine and for the network."""

    here: str
    there: str
    ledger: Path
    processes: "list[subprocess.Popen[bytes]]"


def answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url}no-such-path", timeout=30, trust_env=False).status_code == 404
    return False


def send_wish(url: str) -> str:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    answer = httpx.post(f"{url}wishes", json=WISH, headers=headers, timeout=30, trust_env=False)
    assert answer.status_code == 202
    return str(answer.json()["wish_id"])


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Doors]:
    ledger = tmp_path / "ledger.jsonl"
    allow_open_files(4 * OPEN_FILES)
    with load_server() as engine, bind(0) as here, bind(0) as there:
        running = Doors(url_of(here), url_of(there), ledger, [])
        for bound, options in ((here, []), (there, ["--network"])):
            command = [sys.executable, "-m", "lastwish.local.proxy.server", "--engine", engine.url, "--stage-path", ""]
            command += ["--template", str(ROOT / "template.yaml"), "--ledger", str(ledger), "--agent", "127.0.0.1:9"]
            command += ["--fd", str(bound.fileno()), *options]
            limited = ["sh", "-c", f'ulimit -n {OPEN_FILES} && exec "$@"', "sh", *command]
            running.processes.append(subprocess.Popen(limited, pass_fds=[bound.fileno()]))
        try:
            assert wait_until(lambda: answers(running.here) and answers(running.there))
            yield running
        finally:
            for process in running.processes:
                process.terminate()
                process.wait(30)


def test_idle_and_slow_phones_do_not_keep_this_machine_from_its_pages(doors: Doors) -> None:
    with (
        connected(doors.there, 20) as slow,
        dripping(slow[:10], HEAD + b"X: "),
        dripping(slow[10:], BODY),
        connected(doors.there, 2 * OPEN_FILES) as idle,
    ):
        for _ in range(10):
            send_wish(doors.here)

        assert wait_until(lambda: alive(idle) == 0)
        assert wait_until(lambda: answers(doors.there))


@pytest.mark.skipif(not has_other_address(), reason="this system has one address on loopback")
def test_a_phone_that_takes_all_it_can_leaves_room_for_the_phones_of_other_addresses(doors: Doors) -> None:
    other = httpx.HTTPTransport(local_address=OTHER_ADDRESS)
    with connected(doors.there, 2 * OPEN_FILES) as idle, httpx.Client(transport=other) as phone:
        assert wait_until(lambda: alive(idle) <= OPEN_FILES // 4)
        answer = phone.post(f"{doors.there}wishes", json=WISH, headers={"Idempotency-Key": "k"}, timeout=30)

        assert answer.status_code == 202


def test_both_doors_record_what_they_promise_in_one_ledger(doors: Doors) -> None:
    wishes = [send_wish(url) for url in [doors.here, doors.there] * 3]

    assert promised(doors.ledger) == wishes


def test_a_signal_ends_each(doors: Doors) -> None:
    for process in doors.processes:
        process.terminate()

        assert process.wait(30) == 0
