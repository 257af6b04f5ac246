"""Run an import: read, fit, write, note; then compare what is stored with what the source said."""

import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from itertools import batched
from typing import Any, Protocol

from domain.envelope import timestamp
from lastwish.aws.clients import plain_errors
from lastwish.maintenance.stores import Stores
from lastwish.shipping.importing.checksum import Checksum, of_items
from lastwish.shipping.importing.fitting import Fitter, Rules, Unfit
from lastwish.shipping.importing.sources import Row, Source
from lastwish.shipping.importing.work import Work
from lastwish.shipping.importing.writers import Writer
from parser.held_words import load_held_words
from worker.boarding import DecidedWish


class Progress(Protocol):
    """Shows how far an import is."""

    def note(self, words: str) -> None:
        """Report the current step."""

    def scanning(self, about: int) -> AbstractContextManager[Callable[[int], None]]:
        """Return a function that takes the number of rows just done. ``about`` is how many there are."""


def rules_of(stores: Stores | None) -> Rules:
    """Return the rules of a stack's parser; without a stack those of one that nobody has configured."""
    settings = stores.variables("ParserFunction") if stores else {}
    closed, held = (_words(settings.get(name, "")) for name in ("CLOSED_DESTINATIONS", "HELD_WORDS"))
    return Rules(closed, load_held_words(held))


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(",") if word.strip())


def run(source: Source, rules: Rules, writer: Writer, work: Work, progress: Progress) -> None:
    """Import the rows that are left, or none where all are done. Raises UsageError, AwsError."""
    state = work.state
    if state.finished:
        progress.note(f"{work.folder} is finished: nothing is left to write (--restart begins anew)")
        return
    source.check()
    progress.note("counting rows, and looking for keys that are there twice")
    fitter = Fitter(source.mapping, rules, frozenset(source.duplicates()))
    if state.rows:
        progress.note(f"going on after row {state.rows}")
    with plain_errors(), progress.scanning(max(0, source.count() - state.rows)) as advance:
        for some in batched(source.rows(state.rows), writer.rows_at_once, strict=False):
            began = time.monotonic()
            _write(some, fitter, writer, work)
            state.seconds += time.monotonic() - began
            work.save()
            advance(len(some))
    lines = source.unreadable_lines()
    for number, kind in lines:
        state.reject(f"line: DuckDB says {kind}.", number)
    work.note_rejects({"line": number, "reason": kind} for number, kind in lines)
    state.finished = True
    work.save()


def _write(rows: Iterable[Row], fitter: Fitter, writer: Writer, work: Work) -> None:
    state, wishes, unfit = work.state, list[DecidedWish](), list[dict[str, Any]]()
    done = 0
    for row in rows:
        done += 1
        try:
            wishes.append(fitter.fit(row))
        except Unfit as error:
            state.reject(error.reason, row.number)
            unfit.append({"row": row.number, "key": list(row.key), "reason": error.reason})
    outcomes = writer.write(wishes, state)
    for outcome, count in outcomes.items():
        state.outcomes[outcome] = state.outcomes.get(outcome, 0) + count
    held = sum(wish.held is not None for wish in wishes)
    state.outcomes["held"] = state.outcomes.get("held", 0) + held
    checksum = Checksum(state.fits, state.total)
    for wish in wishes:
        checksum = checksum.plus(wish.wish_id, wish.submitted.digest, timestamp(wish.envelope.time))
    state.fits, state.total = checksum.count, checksum.total
    state.rows += done
    work.note_rejects(unfit)


def compare(work: Work, source: str, items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return count and checksum of the source as it was read and of what is stored, and whether they are equal."""
    said = Checksum(work.state.fits, work.state.total)
    with plain_errors():
        stored = of_items(items, source)
    return {
        "equal": said == stored,  # of the source's wishes none is altered
        "source": {"count": said.count, "checksum": str(said)},
        "stored": {"count": stored.count, "checksum": str(stored), "altered": stored.altered},
    }


def facts(work: Work) -> dict[str, Any]:
    """Return what an import did so far. Nothing in it was typed by a person."""
    state = work.state
    reasons = sorted(state.unfit.items(), key=lambda item: -item[1][0])
    return {
        "rows": state.rows,
        "wishes": state.fits,
        "rejected": state.rejected,
        "reasons": [{"reason": reason, "count": count, "rows": rows} for reason, (count, rows) in reasons],
        "rejects": str(work.folder / "rejects.jsonl"),
        "outcomes": dict(sorted(state.outcomes.items())),
        "seconds": round(state.seconds, 1),
        "rows_per_second": round(state.rows / state.seconds) if state.seconds else None,
        "peak_mb": _peak_mb(),
    }


def _peak_mb() -> int:
    """Return the most memory that this process had so far, as the system counts it (bytes on macOS, else KB)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (2**20 if sys.platform == "darwin" else 2**10)
