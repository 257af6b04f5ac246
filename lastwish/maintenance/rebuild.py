"""Rebuild the read model beside the live one, while wishes keep coming.

A new generation is announced: from the projector's next invocation on it gets every new commit. Earlier invocations are
waited out. Then the store is scanned, and every commit is applied through the projector's own function. The versions of
the rows make scan and stream meet exactly, so this needs no clock and no pause. It can be interrupted at any point and
run again: the next number replaces a half-built generation, whose remains are dropped.

A wish with a commit that cannot be read is left out and named. Readers get a model without it only where told so.
"""

import json
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from itertools import batched
from typing import Protocol

import stamina

from domain.commit import Commit, wish_of
from domain.errors import TransientError, UnreadableCommit
from infra.event_store import commit_of
from infra.read_model import POSITIONS, Generations
from lastwish.aws.clients import plain_errors
from lastwish.maintenance.compare import compare
from lastwish.maintenance.lock import Lock, only_one
from lastwish.maintenance.stores import Stores, names_of
from projector.projecting import project

_BATCH = 90  # commits: a slice of a transaction, or a little less
_TRIES = 5


class Progress(Protocol):
    """Shows how far a rebuild is."""

    def note(self, words: str) -> None:
        """Report the current step."""

    def scanning(self, about: int) -> AbstractContextManager[Callable[[int], None]]:
        """Return a function that takes the number of commits just applied. ``about`` is a guess at all of them."""


@dataclass(frozen=True)
class Options:
    """``flip`` None means "if equal, and nothing is left out".

    ``wait`` (None: the projector's timeout) and ``patience`` are seconds.
    """

    flip: bool | None = None
    keep_old: bool = False
    wait: float | None = None
    patience: float = 60


@dataclass(frozen=True)
class Rebuilt:
    """Result of a rebuild. ``ok``: all commits were read, and the generations are equal or ``flip`` was asked for."""

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
    unreadable: list[dict[str, object]]

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return asdict(self)


def rebuild(stores: Stores, options: Options, progress: Progress) -> Rebuilt:
    """Build, compare, flip, clean up. ``generation`` is the current one at the end. Raises Busy, AwsError."""
    started, model = time.monotonic(), stores.read_model
    with plain_errors(), _only_one(stores) as lock:
        pause = stores.timeout("ProjectorFunction") if options.wait is None else options.wait
        before = model.generations()
        old, new = before.current, model.announce(before)
        progress.note(f"generation {new} announced; waiting {pause:g} s until no projector writes without it")
        time.sleep(pause)
        model.drop({old, new}, new)
        scanned, commits, unreadable = _fill(stores, lock, old, new, progress)
        progress.note("comparing")
        result = compare(stores, old, new, scanned, options.patience)
        flips = result.equal and not unreadable if options.flip is None else options.flip
        lock.renew()
        live = _finish(stores, old, new, flips, options.keep_old)
        if len(live) == 1:
            progress.note(f"waiting {pause:g} s, then dropping the other generations")
            time.sleep(pause)
            model.drop(live, new)
    return Rebuilt(
        ok=(result.equal or flips) and not unreadable,
        commits=commits,
        rows=result.rows,
        lagging=result.lagging,
        checksum_old=result.old,
        checksum_new=result.new,
        same_totals=result.same_totals,
        generation=new if flips else old,
        flipped=flips,
        seconds=round(time.monotonic() - started, 1),
        unreadable=names_of(unreadable),
    )


def replay(stores: Stores, progress: Progress) -> list[UnreadableCommit]:
    """Apply every stored commit to all generations that are written, as the projector does: what is there stays.

    Return what cannot be read: these wishes are left out. Raises Busy, AwsError.
    """
    unreadable: list[UnreadableCommit] = []
    with plain_errors(), _only_one(stores) as lock:
        there = stores.read_model.generations()
        for generation in sorted(there.live):
            _, _, unreadable = _fill(stores, lock, there.current, generation, progress)
    return unreadable


def _only_one(stores: Stores) -> AbstractContextManager[Lock]:
    key = {"pk": {"S": "lock"}, "sk": {"S": "rebuild"}}
    return only_one(stores.dynamodb, stores.table("ReadModel"), key, "rebuild")


def _finish(stores: Stores, old: int, new: int, flips: bool, keep_old: bool) -> frozenset[int]:
    """Flip and retire as asked. Return the generations that stay live."""
    there = Generations(old, frozenset({old, new}))
    if flips:
        there = stores.read_model.flip(there, new)
    if not (flips and keep_old):
        there = stores.read_model.retire(there, old if flips else new)
    return there.live


def _fill(
    stores: Stores, lock: Lock, old: int, generation: int, progress: Progress
) -> tuple[dict[str, int], int, list[UnreadableCommit]]:
    """Apply every stored commit, the oldest first, but those of a wish with one that cannot be read.

    Return the last version of each wish, the number of commits, and what cannot be read.
    """
    scanned: dict[str, int] = {}
    about = 0  # a guess, for the progress bar: the totals may be what is broken
    with suppress(ValueError, TypeError):
        about = sum(number for name, number in stores.read_model.totals(old).items() if name not in POSITIONS)
    with progress.scanning(about) as advance:
        stored, unreadable = _scan(stores)
        for some in batched(stored, _BATCH, strict=False):
            commits = [commit_of(json.loads(item)) for _, item in some]
            _apply(stores, lock, generation, commits)
            advance(len(commits))
            for commit in commits:
                wish_id = wish_of(commit.stream)
                scanned[wish_id] = max(commit.version, scanned.get(wish_id, 0))
    return scanned, len(stored), unreadable


def _scan(stores: Stores) -> tuple[list[tuple[str, str]], list[UnreadableCommit]]:
    """Return time and text of the commits of all wishes that can be read, the oldest first, and what cannot be read."""
    unreadable: list[UnreadableCommit] = []
    # As text, so that a whole show fits into memory.
    stored = [(item["time"]["S"], json.dumps(item), commit.stream) for item, commit in stores.readable(unreadable)]
    left_out = {error.stream for error in unreadable}
    return sorted((time, text) for time, text, stream in stored if stream not in left_out), unreadable


def _apply(stores: Stores, lock: Lock, generation: int, commits: Iterable[Commit]) -> None:
    # One that slept through its lock must not write what it read before: text may be erased since.
    model = stores.read_model.fenced(lock.guard())
    # Transient: the projector was faster, or the table throttles.
    for attempt in stamina.retry_context(on=TransientError, attempts=_TRIES, timeout=None, wait_initial=0.5):
        with attempt:
            lock.renew()
            project(stores.events, model, generation, commits)
