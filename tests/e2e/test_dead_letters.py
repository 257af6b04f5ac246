"""Dead letters on the real template: from a mixed heap to empty queues and a good audit."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from lastwish import polling
from tests.support.deployed_chain import DeployedChain
from tests.support.laptop import Stack, wait_until
from tests.support.mixed_letters import HOSTILE, QUEUES, MixedLetters

NAMES = (*QUEUES, "ProjectorDlq", "Parked")
KINDS = ("transient", "hopeless", "hostile", "stranger")


@pytest.fixture(scope="module", autouse=True)
def _no_letter_stays(stack: Stack) -> Iterator[None]:
    yield
    assert stack.run("reset").returncode == 0


@pytest.fixture
def letters(stack: Stack) -> MixedLetters:
    """A clean stack's dead-letter queues: other tests share it, and leave letters too."""
    assert stack.run("reset").returncode == 0
    urls = {name: stack.outputs[f"{name}Url"] for name in NAMES}
    return MixedLetters(stack.aws("sqs"), urls, stack.home / "ledger.jsonl")


def dlq(stack: Stack, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = stack.run("dlq", *arguments, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_fifty_mixed_letters_are_worked_through(stack: Stack, letters: MixedLetters, chain: DeployedChain) -> None:
    stored = [chain.post(f"Stored already {n}") for n in range(10)]
    chain.wait_until_stored(*stored)
    for number, wish_id in enumerate(stored):
        queue = QUEUES[number % 2]
        letters.stored(queue, wish_id)
        for kind in KINDS:
            getattr(letters, kind)(queue)
    listed = dlq(stack, "list")["letters"]
    assert Counter(each["class"] for each in listed) == dict.fromkeys(("stored", *KINDS), 10)
    assert {each["trace_id"] for each in listed} == {"1-8d12f900-000000000000000000000001"}

    done = dlq(stack, "redrive", "--settle", "0", code=1)
    assert (done["ok"], done["done"], done["left"], done["failed"]) == (True, 20, 30, [])
    # The hostile ones name wishes that nobody was promised: the audit says so until they are parked.
    assert "unpromised" in {each["kind"] for each in done["differences"]}

    done = dlq(stack, "park", "--reason", "seen by the operator", "--settle", "60")
    assert (done["done"], done["left"], done["audit_ok"]) == (30, 0, True)

    report = json.loads(stack.run("audit", "--json", "--settle", "60").stdout)
    assert (report["ok"], report["accepted"], report["stored"], report["parked"]) == (True, 30, 20, 10)
    assert (report["dead_lettered"], report["dead_letters"]) == (0, 0)
    assert dlq(stack, "list") == {"letters": [], "hidden": 0, "parked": 30}


def test_a_redrive_that_was_killed_is_done_again(stack: Stack, letters: MixedLetters, chain: DeployedChain) -> None:
    queue = {"QueueUrl": letters.urls["PodsDlq"]}
    for _ in range(20):
        letters.transient("PodsDlq")
    running = stack.laptop.start("dlq", "redrive", "--rate", "5", "--json")
    assert wait_until(lambda: chain.waiting("PodsDlqUrl") < 17)
    psutil.Process(running.pid).kill()
    running.communicate()

    done = dlq(stack, "redrive", "--settle", "0", code=1)
    assert (done["ok"], done["done"], done["hidden"]) == (False, 0, done["left"])  # the dead process holds them still

    def are_visible() -> bool:
        names = ["ApproximateNumberOfMessagesNotVisible"]
        counted = chain.sqs.get_queue_attributes(**queue, AttributeNames=names)["Attributes"]
        return bool(counted[names[0]] == "0")

    assert polling.wait_until(are_visible, seconds=150, interval=1)
    assert dlq(stack, "redrive", "--settle", "60")["left"] == 0
    report = json.loads(stack.run("audit", "--json").stdout)
    assert (report["ok"], report["accepted"], report["stored"]) == (True, 20, 20)


def test_a_terminal_gets_nothing_raw_and_nothing_that_was_typed_unless_asked(
    stack: Stack, letters: MixedLetters
) -> None:
    stranger, wish = letters.stranger("InboxDlq"), letters.transient("PodsDlq")
    hostile = letters.hostile("InboxDlq")
    said = stack.run("dlq", "list").stdout + stack.run("dlq", "show", stranger, "--text").stdout
    assert said.count("\\x9b2J[red] who \\u202e is this?") == 3  # its reason twice, its text once
    assert not {"\x1b", "\u202e", "\u009b"} & set(said)
    assert "dog" not in stack.run("dlq", "show", wish).stdout
    assert "Look after my dog" in stack.run("dlq", "show", wish, "--text").stdout
    assert HOSTILE in dlq(stack, "show", hostile, "--text")["body"]


def test_an_unknown_id_and_a_letter_that_somebody_else_reads(stack: Stack, letters: MixedLetters) -> None:
    letter = letters.transient("PodsDlq")
    assert "hidden" not in dlq(stack, "show", "nobody", code=1)["error"]
    held = letters.sqs.receive_message(QueueUrl=letters.urls["PodsDlq"], VisibilityTimeout=600)["Messages"]
    assert "1 are hidden" in dlq(stack, "redrive", letter, code=1)["error"]
    assert dlq(stack, "list") == {"letters": [], "hidden": 1, "parked": 0}
    letters.sqs.change_message_visibility(
        QueueUrl=letters.urls["PodsDlq"], ReceiptHandle=held[0]["ReceiptHandle"], VisibilityTimeout=0
    )
    assert dlq(stack, "redrive", letter, "--settle", "60")["left"] == 0


def test_a_batch_that_the_projector_gave_up_leaves_its_queue(stack: Stack, letters: MixedLetters) -> None:
    letters.batch()
    done = dlq(stack, "redrive", "--settle", "60")
    assert (done["done"], done["left"]) == (1, 0)
