"""A crash loses nothing: what the journal holds is put back by the next `up`."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from domain.commit import wish_of
from lastwish.local.journal import Entry, Journal, Pointer
from lastwish.local.state import Home
from tests.support.deployed_chain import DeployedChain
from tests.support.journals import ERASED, HIDDEN, boarded, item, sent, stored
from tests.support.laptop import Laptop, Stack, operator_account, start_detached, wait_until
from tests.support.samples import NOON
from tests.support.wishes import ids


def crash(laptop: Laptop) -> None:
    """Kill every process of a stack at once, as a power button would, but for the disk."""
    assert wait_until(lambda: not [process.kill() for process in laptop.processes()])


def commits(stack: Stack) -> dict[tuple[str, str], dict[str, Any]]:
    """Every item of the event store by stream and version."""
    pages = stack.aws("dynamodb").get_paginator("scan").paginate(TableName=stack.outputs["EventStoreName"])
    return {(each["stream"]["S"], each["version"]["N"]): each for page in pages for each in page["Items"]}


def audited(stack: Stack) -> dict[str, Any]:
    done = stack.run("audit", "--settle", "90", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# --- a real crash -----------------------------------------------------------------------------------------------------


@dataclass
class Crash:
    """What there was before it, and the stack after it. The last 20 wishes were on their way to the worker."""

    wishes: list[str]
    before: dict[tuple[str, str], dict[str, Any]]
    journal: list[str]
    stack: Stack

    @property
    def erased(self) -> str:
        return self.wishes[0]


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crash]:
    """50 wishes are sent; 30 are stored, one of them erased and one hidden, when all processes die."""
    stack = start_detached(Laptop(tmp_path_factory.mktemp("crash") / "home"))
    with DeployedChain(stack) as chain, ThreadPoolExecutor(4) as audience:
        wishes = list(audience.map(chain.post, [f"secret wish {n}" for n in range(30)]))
        chain.wait_until_stored(*wishes)
        assert stack.run("erase", wishes[0], "--yes").returncode == 0
        name, password = operator_account(stack, "ana", "operators")
        token = chain.http.post("sign-in", json={"name": name, "password": password}).json()["token"]
        as_operator = {"Authorization": f"Bearer {token}"}
        assert chain.http.post(f"ops/wishes/{wishes[1]}/hide", headers=as_operator).status_code == 200
        assert chain.http.post("ops/wall/panic", headers=as_operator, json={"on": True}).status_code == 200
        for mapping in chain.functions.list_event_source_mappings()["EventSourceMappings"]:
            if mapping["EventSourceArn"].endswith(stack.outputs["PodsUrl"].rpartition("/")[2]):
                chain.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        wishes += audience.map(chain.post, [f"secret wish {n}" for n in range(30, 50)])
    before, journal = commits(stack), (stack.home / "journal.jsonl").read_text().splitlines()
    crash(stack.laptop)
    yield Crash(wishes, before, journal, start_detached(stack.laptop))
    assert stack.run("down").returncode == 0
    assert not (stack.home / "journal.jsonl").exists()


def test_up_says_what_it_put_back(crashed: Crash) -> None:
    assert crashed.stack.put_back == {
        "commits": 32,
        "messages": 20,
        "unanswered": 0,
        "torn": False,
        "unreadable": [],
    }


def test_every_promise_is_kept_after_a_crash(crashed: Crash) -> None:
    found = audited(crashed.stack)

    assert (found["accepted"], found["stored"], found["unpromised"]) == (50, 50, 0)
    assert set(crashed.stack.stored()) == set(crashed.wishes)


def test_every_commit_is_what_it_was(crashed: Crash) -> None:
    after = commits(crashed.stack)

    assert len(crashed.before) == 32
    assert {key: after[key] for key in crashed.before} == crashed.before


def test_an_erased_wish_stays_erased(crashed: Crash) -> None:
    receipt = httpx.get(f"{crashed.stack.url}wishes/{crashed.erased}", timeout=60).json()

    assert (receipt["status"], receipt["message"]) == ("erased", None)
    lines = [line for line in crashed.journal if crashed.erased in line]
    assert len(lines) == 3
    assert "secret" not in "".join(lines)


def test_a_blank_wall_stays_blank_and_open_walls_begin_anew(crashed: Crash) -> None:
    feed = httpx.get(f"{crashed.stack.url}wishes?after=1-0-0", timeout=60).json()

    assert feed["blank"] is True
    assert httpx.get(f"{crashed.stack.url}manifest", timeout=60).json()["generation"] == 2


def test_a_second_crash_at_once_loses_nothing_either(crashed: Crash) -> None:
    assert audited(crashed.stack)["stored"] == 50
    before = commits(crashed.stack)
    crash(crashed.stack.laptop)
    again = start_detached(crashed.stack.laptop)
    crashed.stack.__dict__.update(again.__dict__)

    assert (again.put_back["commits"], again.put_back["messages"]) == (len(before), 0)
    assert commits(again) == before
    assert audited(again)["stored"] == 50


def test_reset_empties_the_journal(crashed: Crash) -> None:
    done = crashed.stack.run("reset", "--json")

    assert json.loads(done.stdout)["journal_lines"] > 100, done.stderr
    assert (crashed.stack.home / "journal.jsonl").read_bytes() == b""


# --- journals that a crash might leave --------------------------------------------------------------------------------

ADA, BOB, EVE, ZOE, WAITS, UNTOLD, NEVER = ids(7)


def write(home: Path, *entries: Entry) -> None:
    home.mkdir(mode=0o700, exist_ok=True)
    journal = Journal(home / "journal.jsonl")
    journal.add(*entries)
    journal.flush()
    journal.close()


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that was put back from a journal in which everything has happened."""
    laptop = Laptop(tmp_path_factory.mktemp("mended") / "home")
    pointer = {"pk": {"S": "pointer"}, "sk": {"S": "-"}, "current": {"N": "3"}, "live": {"NS": ["3"]}}
    write(laptop.home, *(sent(wish) for wish in (ADA, BOB, WAITS, UNTOLD)), stored(ADA, boarded(1)))
    with (laptop.home / "journal.jsonl").open("a") as file:
        file.write("no line of ours\n\n")
    write(
        laptop.home,
        stored(BOB, boarded(4)),
        stored(EVE, boarded(2)),
        stored(EVE, [HIDDEN], 2),
        # Killed before it could take the text out.
        stored(ZOE, boarded(3, "a secret", "jupiter")),
        stored(ZOE, [ERASED], 2),
        sent(NEVER, "a secret"),
        stored(NEVER, [ERASED]),
        Pointer(time=NOON, item={**pointer, "last": {"N": "3"}}),
    )
    with (laptop.home / "journal.jsonl").open("a") as file:
        file.write('{"v":1,"kind":"sent","time":"2045')
    told = [{"wish_id": wish, "status": 202} for wish in (ADA, BOB, EVE, ZOE, WAITS, NEVER)]
    (laptop.home / "ledger.jsonl").write_text("".join(json.dumps(each) + "\n" for each in told))
    running = start_detached(laptop)
    with DeployedChain(running) as chain:
        chain.wait_until_stored(WAITS, UNTOLD)
    yield running
    running.run("down")


def test_what_cannot_be_read_is_said_and_stops_nothing(mended: Stack) -> None:
    assert mended.put_back == {"commits": 7, "messages": 2, "unanswered": 1, "torn": True, "unreadable": [6]}
    lines = (mended.home / "journal.jsonl").read_text().splitlines()
    assert all(json.loads(line) for line in lines[7:])


def test_commits_are_put_back_as_they_were(mended: Stack) -> None:
    there = commits(mended)

    assert there[f"wish#{EVE}", "1"] == item(EVE, boarded(2))
    assert there[f"wish#{EVE}", "2"] == item(EVE, [HIDDEN], 2)
    assert {wish_of(stream) for stream, _ in there} == {ADA, BOB, EVE, ZOE, WAITS, UNTOLD, NEVER}


def test_an_erasure_that_a_crash_cut_short_is_finished(mended: Stack) -> None:
    assert b"a secret" not in (mended.home / "journal.jsonl").read_bytes()
    assert "a secret" not in str(commits(mended))


def test_seats_go_on_after_the_highest_and_those_that_nobody_holds_are_free(mended: Stack) -> None:
    taken = [
        int(event["M"]["data"]["M"]["seat"]["N"])
        for wish in (WAITS, UNTOLD)
        for event in commits(mended)[f"wish#{wish}", "1"]["events"]["L"]
        if "seat" in event["M"]["data"]["M"]
    ]
    seats = mended.aws("dynamodb").scan(TableName=mended.outputs["SeatsName"])["Items"]

    assert sorted(taken) == [5, 6]
    assert {"id": {"S": "free#mars"}, "seats": {"NS": ["3"]}} in seats
    assert [set(each["seats"]["NS"]) for each in seats if each["id"]["S"] == "free#jupiter"] == [{"1", "2"}]


def test_the_read_model_begins_the_generation_after_the_last(mended: Stack) -> None:
    assert httpx.get(f"{mended.url}manifest", timeout=60).json()["generation"] == 4


# botocore forgets sockets of an engine that was killed while it asked.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_crash_while_it_is_put_back_loses_nothing(laptop: Laptop) -> None:
    wishes = ids(2000)
    write(laptop.home, *(stored(wish, boarded(n)) for n, wish in enumerate(wishes, start=1)))
    starting = laptop.start("up", "--detach", "--port", "0")
    assert wait_until(lambda: _stored_so_far(laptop.home) > 100)
    starting.kill()
    crash(laptop)
    starting.communicate()
    running = start_detached(laptop)

    assert running.put_back["commits"] == 2000
    assert set(running.stored()) == set(wishes)
    assert laptop.run("down").returncode == 0


def _stored_so_far(home: Path) -> int:
    """Count the commits in an engine that a starting `up` has recorded."""
    state = Home(home).load()
    if state is None:
        return 0
    stack = Stack(Laptop(home), "", "", "", None, None, state.engine, "", {"access_key_id": state.key}, {}, {}, {})
    with closing(stack.aws("dynamodb")) as dynamodb, suppress(BotoCoreError, ClientError):  # it may not answer yet
        tables = dynamodb.list_tables()["TableNames"]
        return sum(dynamodb.scan(TableName=each, Select="COUNT")["Count"] for each in tables if "EventStore" in each)
    return 0
