"""Write the file of results, a JSON object per line.

{"zero": 1794…, "ui": null}          the load begins, in seconds of the epoch; the URL of Locust's pages
{"n": 0, "kind": "ordinary", …}      a wish that is finished: the fields of results.WishResult
{"ended": 12.8, "cpu": 1.93}         the end, and the CPU seconds that the sender used since zero
"""

import json
import logging
import os
from dataclasses import asdict
from pathlib import Path

from lastwish.load.results import WishResult
from lastwish.load.schedule import PendingWish


class ResultWriter:
    """Appends to the file of results. Each line is there as soon as it is written, whole.

    Where it cannot be written, nothing that is sent would be known, so the process ends at once.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._ended = False

    def begin(self, zero: float, ui: str | None) -> None:
        """Write the first line."""
        self._write(zero=zero, ui=ui)

    def add(self, wish: PendingWish, done: float) -> WishResult | None:
        """Write that a wish is finished. None after the end: the wish is in the file already."""
        if self._ended:
            return None
        request = wish.request
        result = WishResult(
            n=request.number,
            key=request.key,
            kind=request.kind,
            at=request.at,
            sent=round(wish.sent, 6),
            done=round(done, 6),
            status=wish.status,
            tries=wish.tries,
            wish_id=wish.wish_id,
            error=wish.error,
            first_done=None if wish.first_done is None else round(wish.first_done, 6),
            again_for=wish.again_for,
        )
        self._write(**asdict(result))
        return result

    def end(self, ended: float, cpu: float) -> None:
        """Write the last line."""
        self._write(ended=ended, cpu=cpu)
        self._ended = True

    def _write(self, **values: object) -> None:
        line = json.dumps(values, separators=(",", ":")).encode() + b"\n"
        try:
            written = self._file.write(line)
        except OSError:
            written = 0
        if written != len(line):
            logging.critical("the results cannot be written: is the disk full?")
            os._exit(1)
