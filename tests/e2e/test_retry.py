"""What waits after a fault is tried at once, on a stack that runs here."""

import json

from tests.support.deployed_chain import DeployedChain
from tests.support.laptop import Stack


def test_a_wish_that_would_wait_for_hours_boards_after_retry(stack: Stack, chain: DeployedChain) -> None:
    inbox = stack.outputs["InboxUrl"]
    chain.wait_until_idle()
    with chain.paused("InboxUrl"):
        wish = chain.post("so near to the door")
        assert chain.sqs.receive_message(QueueUrl=inbox, VisibilityTimeout=36_000)["Messages"]

    assert json.loads(stack.run("retry", "--json").stdout) == {
        "waiting": 1,
        "queues": {"Inbox": 1, "Pods": 0},
        "until": None,
    }
    chain.wait_until_stored(wish)
    chain.wait_until_idle()
    assert stack.run("retry").stdout == "visible now: 0 in Inbox, 0 in Pods\n"
