"""Record what was sent to the stack of this laptop, and send it again: for when the network at the venue dies.

A recording is a plan as `lastwish load` sends it (lastwish/load/plan.py), made from the journal: each accepted wish,
with its text as it was typed and its gap to the one before. What an operator hid or erased is not in it, and no wish
that was not answered 202. It holds what people typed, so it belongs to its owner alone.
"""

import json
import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid5

from lastwish.errors import TapeError
from lastwish.load.plan import EXPECTED, LONGEST, PlannedRequest
from lastwish.load.sender_process import SenderOptions, start_sender
from lastwish.load.wishes import JSON
from lastwish.local import typed
from lastwish.local.proxy.ledger import promised
from lastwish.local.state import Home
from lastwish.local.typed import Typed

_PLAYED = UUID("4a1d86b1-0d0c-4f6f-9d3d-2b8d3c1f3a52")  # makes keys of a wish's id
_LOOK_AGAIN = 0.25


def requests(home: Home) -> list[PlannedRequest]:
    """Return what was sent and promised since the last reset, in order.

    A wish that was sent twice is in it twice, under one key. Played twice, a recording is the same wishes.
    """
    kept = set(promised(home.ledger))
    sent = [each for each in typed.read(home.journal) if each.wish_id in kept]
    return [
        PlannedRequest(
            number=number,
            at=(each.time - sent[0].time).total_seconds(),
            kind="ordinary",
            key=str(uuid5(_PLAYED, each.wish_id)),
            content_type=JSON,
            body=_body(each),
        )
        for number, each in enumerate(sent)
    ]


def _body(wish: Typed) -> bytes:
    fields = {"message": wish.message, "destination": wish.event.destination}
    return json.dumps(fields | ({"name": wish.name} if wish.name else {}), ensure_ascii=False).encode()


def write(file: Path, recorded: list[PlannedRequest]) -> None:
    """Write a new file, readable to its owner only. Raises TapeError, also where there is one of that name."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as tape:
            tape.writelines(request.line() for request in recorded)
    except OSError as error:
        raise TapeError(f"{file} cannot be written: {error.strerror}") from None


def read(file: Path) -> list[PlannedRequest]:
    """Read a recording. Raises TapeError, which quotes nothing of it."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise TapeError(f"{file} cannot be read: {error.strerror}") from None
    recorded = []
    for number, line in enumerate(lines, start=1):
        try:
            recorded.append(_checked(PlannedRequest.from_line(line)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise TapeError(f"{file}, line {number} is no line of a recording") from None
    if not recorded:
        raise TapeError(f"{file} is an empty recording")
    return recorded


def _checked(request: PlannedRequest) -> PlannedRequest:
    """Return a request whose fields are what they should be: JSON has any. Raises ValueError, TypeError."""
    is_time = type(request.at) in (int, float) and 0 <= request.at <= LONGEST
    headers = (request.key, request.content_type)
    are_headers = all(isinstance(each, str) and each.isascii() and each.isprintable() for each in headers)
    if type(request.number) is not int or not is_time or request.kind not in EXPECTED or not are_headers:
        raise ValueError
    return request


def play(recorded: list[PlannedRequest], url: str, speed: float) -> int:
    """Send a recording with its gaps, ``speed`` times as fast. Returns how many were accepted. Raises SenderFailed."""
    with TemporaryDirectory(prefix="lastwish-play-") as folder:
        plan = Path(folder) / "plan.jsonl"
        write(plan, [replace(request, at=request.at / speed) for request in recorded])
        with start_sender(plan, url, SenderOptions()) as sender:
            sender.wait_until_sending()
            results = sender.results_until_ended(float("inf"), _LOOK_AGAIN)
    return sum(result.status == 202 for result in results)
