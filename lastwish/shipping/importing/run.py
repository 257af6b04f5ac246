"""Run an import: read, fit, write, note; then compare what is stored with what the source said, rebuild and audit."""

import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from shlex import quote
from typing import Any

from infra.settings import split_words
from lastwish.aws.clients import plain_errors
from lastwish.errors import UsageError
from lastwish.maintenance import rebuild as rebuilding
from lastwish.maintenance.audit import audit
from lastwish.maintenance.stores import Stores, stores
from lastwish.shipping.importing.checksum import Checksum, of_items
from lastwish.shipping.importing.fitting import Fitter, Rules, Unfit
from lastwish.shipping.importing.handover import capacity, paper, write_handover
from lastwish.shipping.importing.mapping import load_mapping
from lastwish.shipping.importing.sources import Source, open_source
from lastwish.shipping.importing.work import SCRATCH, Work, plain_disk
from lastwish.shipping.importing.writers import FilesWriter, StoreWriter, Writer, items_in, with_wish
from lastwish.site import Site
from parser.held_words import load_held_words

type Progress = rebuilding.Progress


@dataclass(frozen=True)
class Options:
    """What the command line says. ``seats`` are those of a new table, to Mars and to Jupiter; ``settle`` is in seconds.

    ``like``: how many wishes the paper is about.
    """

    source: str
    mapping: Path
    files: bool
    dry_run: bool
    check: bool
    restart: bool
    work: Path | None
    at_once: int
    seats: tuple[int, int] | None
    like: int
    rebuild: bool
    settle: float


def import_(options: Options, site: Callable[[], Site], progress: Progress) -> dict[str, Any]:
    """Do it. ``ok``: what is stored is what the source said, and the audit finds nothing.

    Raises UsageError, Busy, NotRunning, AwsError, OperatorError.
    """
    if options.check and options.dry_run:
        raise UsageError("--check compares what --dry-run does not write: leave one of them out")
    mapping = load_mapping(options.mapping)
    folder = options.work or Path(mapping.origin.replace(":", "-"))
    folder = folder / "dry-run" if options.dry_run else folder
    source = open_source(options.source, mapping, folder / SCRATCH)
    into_files = options.files or options.dry_run
    here = None if into_files and not options.check else site()
    way = "files" if into_files or here is None else f"store {here.outputs['EventStoreName']}"
    about = {"source": source.fingerprint, "mapping": source.mapping.model_dump(mode="json"), "way": way}
    with plain_disk(folder), Work(folder, about, restart=options.restart or options.dry_run) as work:
        if options.check and here:
            return _checked(work, source, stores(here))
        if here and not into_files:
            return _into_store(options, work, source, here, progress)
        return _into_files(options, work, source, progress)


def _checked(work: Work, source: Source, there: Stores) -> dict[str, Any]:
    if not work.state.finished:
        raise UsageError(f"{work.folder} is not finished: run the same without --check first")
    compared = compare(work, source, there.commits())
    return {"ok": compared["equal"], "compared": compared}


def _into_files(options: Options, work: Work, source: Source, progress: Progress) -> dict[str, Any]:
    parts = None if options.dry_run else work.folder / "parts"
    load(source, rules_of({}), FilesWriter(parts, options.seats or capacity()), work, progress)
    done = {"ok": True, **facts(work), "paper": paper(work.state, options.like)}
    if parts is None:
        return done
    progress.note("reading the files again")
    compared = compare(work, source, items_in(parts))
    said = "SOURCE" if "://" in options.source else options.source  # an address may have a password
    typed = f"{quote(said)} --mapping {quote(str(options.mapping))} --work {quote(str(work.folder))}"
    steps = write_handover(work, source.mapping.origin, typed)
    return done | {"ok": compared["equal"], "compared": compared, "next": steps}


def _into_store(options: Options, work: Work, source: Source, here: Site, progress: Progress) -> dict[str, Any]:
    there, before = stores(here), _new(work)
    writer = StoreWriter(there, work, options.at_once)
    load(source, rules_of(there.variables("ParserFunction")), writer, work, progress)
    done = {**facts(work), "may_have_leaked_seats": writer.leaked}
    progress.note("comparing what is stored with the source")
    compared, rebuilt, report = compare(work, source, there.commits()), None, None
    if options.rebuild and _new(work) > before:
        # The projector may be behind: both generations are equal once it has followed.
        rebuilt = rebuilding.rebuild(there, rebuilding.Options(patience=options.settle), progress)
    progress.note("auditing")
    report = audit(there, here.promises(), options.settle, progress.note)
    ok = compared["equal"] and report.ok and (rebuilt is None or rebuilt.ok)
    after = {"rebuilt": rebuilt and rebuilt.facts(), "audit": report.facts()}
    return {"ok": ok, **done, "compared": compared, **after}


def _new(work: Work) -> int:
    old = ("held", "stored_before", "stored_otherwise")
    return sum(count for outcome, count in work.state.outcomes.items() if outcome not in old)


def rules_of(settings: Mapping[str, str]) -> Rules:
    """Return the rules of a parser with these settings; without any those of one that nobody has configured."""
    closed, held = (frozenset(split_words(settings.get(name, ""))) for name in ("CLOSED_DESTINATIONS", "HELD_WORDS"))
    return Rules(closed, load_held_words(held))


def load(source: Source, rules: Rules, writer: Writer, work: Work, progress: Progress) -> None:
    """Write the rows that are left, or none where all are done. Raises UsageError, AwsError."""
    state = work.state
    if state.finished:
        progress.note(f"{work.folder} is finished: nothing is left to write (--restart begins anew)")
        return
    source.check()
    progress.note(f"going on after row {state.rows}" if state.rows else "beginning at the first row")
    progress.note("looking for keys that several rows have")
    fitter = Fitter(source.mapping, rules, frozenset(source.duplicates()))
    with plain_errors(), progress.scanning(max(0, source.count() - state.rows)) as advance:
        for some in batched(source.rows(state.rows), writer.rows_at_once, strict=False):
            began = time.monotonic()
            _write(some, fitter, writer, work)
            state.seconds += time.monotonic() - began
            work.save()
            advance(len(some))
    for number, fault in source.unreadable_lines():
        work.reject({"line": number, "reason": f"line: {fault}."})
    state.finished = True
    work.save()


def _write(rows: Iterable[Any], fitter: Fitter, writer: Writer, work: Work) -> None:
    state, wishes, count = work.state, [], 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - the last one counts them
        try:
            wishes.append(fitter.fit(row))
        except Unfit as error:
            work.reject({"row": row.number, "key": row.key, "reason": str(error)})
    checksum = Checksum(state.fits, state.total)
    for outcome in (*writer.write(wishes, state).elements(), *("held" for wish in wishes if wish.held)):
        state.outcomes[outcome] = state.outcomes.get(outcome, 0) + 1
    for wish in wishes:
        checksum = with_wish(checksum, wish)
    state.fits, state.total, state.rows = checksum.count, checksum.total, state.rows + count


def compare(work: Work, source: Source, items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return count and checksum of the source as it was read and of what is stored, and whether they are equal."""
    said = Checksum(work.state.fits, work.state.total)  # none of them altered
    with plain_errors():
        stored = of_items(items, source.mapping.origin)
    return {"equal": said == stored, "source": said.facts(), "stored": stored.facts()}


def facts(work: Work) -> dict[str, Any]:
    """Return what an import did so far. Nothing in it was typed by a person. ``peak_mb``: this process's memory."""
    state, peak = work.state, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reasons = sorted(state.unfit.items(), key=lambda item: -item[1][0])
    return {
        "rows": state.rows,
        "wishes": state.fits,
        "rejected": sum(count for count, _ in state.unfit.values()),
        "reasons": [{"reason": reason, "count": count, "at": places} for reason, (count, places) in reasons],
        "rejects": str(work.folder / "rejects.jsonl"),
        "outcomes": dict(sorted(state.outcomes.items())),
        "seconds": round(state.seconds, 1),
        "rows_per_second": round(state.rows / state.seconds) if state.seconds else None,
        "peak_mb": peak // (2**20 if sys.platform == "darwin" else 2**10),  # macOS counts bytes
    }
