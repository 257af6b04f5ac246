"""Builds the read model anew beside the live one, while wishes keep coming.

A new generation is announced; from the projector's next invocation on it gets every new commit. Invocations that began
before are waited out. Then the store is scanned and every commit applied through the projector's own function: the
versions of the rows make scan and stream meet exactly, so no clock and no pause is needed. Interrupted at any point, it
can be run again: what is half built is replaced by the next number and its remains are dropped.
"""

import json
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from itertools import batched
from typing import Protocol

from domain.commit import Commit
from domain.errors import TransientError
from infra.event_store import commit_of
from infra.read_model import Generations
from lastwish.aws.clients import plain_errors
from lastwish.maintenance import generations
from lastwish.maintenance.compare import Comparison, compare
from lastwish.maintenance.lock import only_one
from lastwish.maintenance.stores import Item, Stores
from projector.projecting import project

_BATCH = 90  # commits: a slice of a transaction, or a little less
_TRIES = 5


class Progress(Protocol):
    """Whom to tell how far it is."""

    def note(self, words: str) -> None:
        """Say what happens now."""

    def scanning(self, about: int) -> AbstractContextManager[Callable[[int], None]]:
        """Give a function that is told how many more commits were applied. ``about`` is a guess at all of them."""


class Quiet:
    """Tells nobody."""

    def note(self, words: str) -> None:
        """Say nothing."""

    def scanning(self, about: int) -> AbstractContextManager[Callable[[int], None]]:
        """Count nothing."""
        return nullcontext(lambda _: None)


@dataclass(frozen=True)
class Options:
    """``flip`` is None for "if equal". ``wait`` (None: the projector's timeout) and ``patience`` are seconds."""

    flip: bool | None = None
    keep_old: bool = False
    wait: float | None = None
    patience: float = 60


@dataclass(frozen=True)
class Rebuilt:
    """How it ended. ``ok``: the generations are equal, or it flipped because it was told to."""

    ok: bool
    commits: int
    rows: int
    lagging: int
    checksum_old: str
    checksum_new: str
    same_totals: bool
    generation: int
    flipped: bool
    seconds: float

    def facts(self) -> dict[str, object]:
        """As a JSON object."""
        return asdict(self)


def rebuild(stores: Stores, options: Options, progress: Progress) -> Rebuilt:
    """Build, compare, flip, clean up. ``generation`` is the one that is read at the end. Raises Busy, AwsError."""
    started, table = time.monotonic(), stores.table("ReadModel")
    key = {"pk": {"S": "lock"}, "sk": {"S": "rebuild"}}
    with plain_errors(), only_one(stores.dynamodb, table, key, "rebuild") as lock:
        pause = stores.timeout("ProjectorFunction") if options.wait is None else options.wait
        before = stores.read_model.generations()
        old, new = before.current, generations.announce(stores.dynamodb, table, before)
        progress.note(f"generation {new} announced; waiting {pause:g} s until no projector writes without it")
        time.sleep(pause)
        drop_others(stores, {old, new})
        scanned, commits = _fill(stores, old, new, progress)
        progress.note("comparing")
        result = compare(stores, old, new, scanned, options.patience)
        flips = result.equal if options.flip is None else options.flip
        lock.renew()
        live = _finish(stores, old, new, flips, options.keep_old)
        if len(live) == 1:
            progress.note(f"waiting {pause:g} s, then removing what is not read any more")
            time.sleep(pause)
            drop_others(stores, live)
    return _rebuilt(result, commits, new if flips else old, flips, started)


def _rebuilt(result: Comparison, commits: int, generation: int, flipped: bool, started: float) -> Rebuilt:
    return Rebuilt(
        ok=result.equal or flipped,
        commits=commits,
        rows=result.rows,
        lagging=result.lagging,
        checksum_old=result.old,
        checksum_new=result.new,
        same_totals=result.same_totals,
        generation=generation,
        flipped=flipped,
        seconds=round(time.monotonic() - started, 1),
    )


def _finish(stores: Stores, old: int, new: int, flips: bool, keep_old: bool) -> frozenset[int]:
    """Flip and retire as told; the generations that stay live."""
    table, there = stores.table("ReadModel"), Generations(old, frozenset({old, new}))
    if flips:
        there = generations.flip(stores.dynamodb, table, there, new)
    if not (flips and keep_old):
        there = generations.retire(stores.dynamodb, table, there, old if flips else new)
    return there.live


def _fill(stores: Stores, old: int, generation: int, progress: Progress) -> tuple[dict[str, int], int]:
    """Apply every stored commit, the oldest first; the version that each wish had, and how many commits there were."""
    scanned: dict[str, int] = {}
    stored: list[tuple[str, str]] = []  # as text: a whole show fits into memory that way
    about = sum(number for name, number in stores.read_model.totals(old).items() if name not in ("position", "news"))
    with progress.scanning(about) as advance:
        for page in stores.scan("EventStore"):
            stored += [(item["time"]["S"], json.dumps(item)) for item in page]
        stored.sort()
        for some in batched(stored, _BATCH, strict=False):
            commits = [commit_of(json.loads(item)) for _, item in some]
            _apply(stores, generation, commits)
            advance(len(commits))
            for commit in commits:
                wish_id = commit.stream.removeprefix("wish#")
                scanned[wish_id] = max(commit.version, scanned.get(wish_id, 0))
    return scanned, len(stored)


def _apply(stores: Stores, generation: int, commits: Iterable[Commit]) -> None:
    for attempt in range(_TRIES):
        try:
            project(stores.events, stores.read_model, generation, commits)
        except TransientError:  # the projector was faster each time, or the table throttles
            if attempt == _TRIES - 1:
                raise
            time.sleep(0.5 * 2**attempt)
        else:
            return


def drop_others(stores: Stores, kept: Iterable[int]) -> int:
    """Delete every item of the generations that are not kept; how many there were."""
    prefixes = tuple(f"{generation}#" for generation in kept)
    count = 0
    for page in stores.scan("ReadModel", ProjectionExpression="pk, sk"):
        gone = [key for key in page if "#" in key["pk"]["S"] and not key["pk"]["S"].startswith(prefixes)]
        _delete(stores, gone)
        count += len(gone)
    return count


def _delete(stores: Stores, keys: list[Item]) -> None:
    table = stores.table("ReadModel")
    for some in batched(keys, 25, strict=False):
        left = {table: [{"DeleteRequest": {"Key": {"pk": key["pk"], "sk": key["sk"]}}} for key in some]}
        while left:
            left = stores.dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"]
