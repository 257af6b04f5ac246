"""Send a message that is not ours to Inbox, and take its dead letter away afterwards: nobody was promised it."""

import json
import math
import re
from collections.abc import Callable
from uuid import uuid4

from infra.dead_letters import DeadLetters
from lastwish.aws.clients import plain_errors
from lastwish.polling import wait_until
from lastwish.site import Site

_ARRIVES = 10.0  # seconds that it may be on its way when the drill ends
_BODY = re.compile(r'\{"drill": "([0-9a-f]{32})"\}')


def send(site: Site) -> Callable[[], None]:
    """Send it. Returns what removes it, and only it, from InboxDlq. Raises AwsError."""
    mark = uuid4().hex

    def remove() -> None:
        wait_until(lambda: _removed(site, mark), _ARRIVES)

    with plain_errors():
        site.client("sqs").send_message(QueueUrl=site.outputs["InboxUrl"], MessageBody=json.dumps({"drill": mark}))
    return remove


def remove_left(site: Site) -> None:
    """Remove from InboxDlq what drills left that were killed. None may run. Raises AwsError."""
    _removed(site, None)


def _removed(site: Site, mark: str | None) -> bool:
    """Remove the letters with this mark, or with any. Returns whether there was one."""
    letters = DeadLetters(site.client("sqs"), site.outputs["InboxDlqUrl"])
    with plain_errors(), letters.held(math.inf) as (held, _):
        drills = [(letter, _BODY.fullmatch(letter["Body"])) for letter in held]
        ours = [letter for letter, found in drills if found and mark in (None, found[1])]
        for letter in ours:
            letters.remove(letter)
        return bool(ours)
