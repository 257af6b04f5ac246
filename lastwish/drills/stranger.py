"""Send a message that is not ours to Inbox, and take its dead letter away afterwards: nobody was promised it."""

import json
import math
from collections.abc import Callable
from uuid import uuid4

from infra.dead_letters import DeadLetters
from lastwish.aws.clients import plain_errors
from lastwish.polling import wait_until
from lastwish.site import Site

_ARRIVES = 10.0  # seconds that it may be on its way when the drill ends


def send(site: Site) -> Callable[[], None]:
    """Send it. Returns what removes it, and only it, from InboxDlq. Raises AwsError."""
    sqs, mark = site.client("sqs"), uuid4().hex
    letters = DeadLetters(sqs, site.outputs["InboxDlqUrl"])

    def is_removed() -> bool:
        with plain_errors(), letters.held(math.inf) as (held, _):
            ours = [letter for letter in held if mark in letter["Body"]]
            for letter in ours:
                letters.remove(letter)
            return bool(ours)

    def remove() -> None:
        wait_until(is_removed, _ARRIVES)

    with plain_errors():
        sqs.send_message(QueueUrl=site.outputs["InboxUrl"], MessageBody=json.dumps({"drill": mark}))
    return remove
