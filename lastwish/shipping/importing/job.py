"""One `lastwish import` from its options to its report."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lastwish.errors import UsageError
from lastwish.maintenance.audit import audit
from lastwish.maintenance.rebuild import Options as RebuildOptions
from lastwish.maintenance.rebuild import rebuild
from lastwish.maintenance.stores import Stores, stores
from lastwish.shipping.importing.cost import paper
from lastwish.shipping.importing.handover import capacity, write_handover
from lastwish.shipping.importing.mapping import load_mapping
from lastwish.shipping.importing.run import Progress, compare, facts, rules_of, run
from lastwish.shipping.importing.sources import Source, open_source
from lastwish.shipping.importing.work import Work
from lastwish.shipping.importing.writers import FilesWriter, StoreWriter, items_in
from lastwish.site import Site


@dataclass(frozen=True)
class Options:
    """What the command line says. ``seats`` are those of a new table, to Mars and to Jupiter; ``settle`` is in seconds.

    ``like``: how many wishes the paper is about.
    """

    source: str
    mapping: Path
    files: bool = False
    dry_run: bool = False
    check: bool = False
    restart: bool = False
    work: Path | None = None
    at_once: int = 8
    seats: tuple[int, int] | None = None
    like: int = 500_000_000
    rebuild: bool = True
    settle: float = 600


def import_(options: Options, site: Callable[[], Site], progress: Progress) -> dict[str, Any]:
    """Do it. ``ok``: what is stored is what the source said, and the audit finds nothing.

    Raises UsageError, Busy, NotRunning, AwsError.
    """
    if options.check and options.dry_run:
        raise UsageError("--check compares what --dry-run does not write: leave one of them away")
    source = open_source(options.source, load_mapping(options.mapping))
    into_files = options.files or options.dry_run
    here = None if into_files and not options.check else site()
    way = "files" if into_files or here is None else f"store {here.outputs['EventStoreName']}"
    about = {"source": source.fingerprint, "mapping": source.mapping.model_dump(mode="json"), "way": way}
    folder = options.work or Path(f"import-{source.mapping.source}")
    folder = folder / "dry-run" if options.dry_run else folder
    work = Work(folder, about, restart=options.restart or options.dry_run)
    source.spill_into(folder / "spill")
    try:
        if options.check:
            return _checked(work, source, here)
        if here and not into_files:
            return _into_store(options, work, source, here, progress)
        return _into_files(options, work, source, progress)
    finally:
        work.close()


def _checked(work: Work, source: Source, here: Site | None) -> dict[str, Any]:
    if not work.state.finished or here is None:
        raise UsageError(f"{work.folder} is not finished: run the same without --check first")
    compared = compare(work, source.mapping.source, stores(here).commits())
    return {"ok": compared["equal"], "compared": compared}


def _into_files(options: Options, work: Work, source: Source, progress: Progress) -> dict[str, Any]:
    seats = capacity()
    if options.seats:
        seats = {"mars": options.seats[0], "jupiter": options.seats[1]}
    parts = None if options.dry_run else work.folder / "parts"
    run(source, rules_of(None), FilesWriter(parts, seats), work, progress)
    done = {"ok": True, **facts(work), "paper": paper(work.state, options.like)}
    if parts is None:
        return done
    progress.note("reading the files again")
    compared = compare(work, source.mapping.source, items_in(parts))
    steps = write_handover(work, source.mapping.source)
    return done | {"ok": compared["equal"], "compared": compared, "next": steps}


def _into_store(options: Options, work: Work, source: Source, here: Site, progress: Progress) -> dict[str, Any]:
    there = stores(here)
    writer = StoreWriter(there, work, options.at_once)
    began_at = work.state.rows
    run(source, rules_of(there), writer, work, progress)
    done = {**facts(work), "may_have_leaked_seats": writer.leaked}
    progress.note("comparing what is stored with the source")
    compared = compare(work, source.mapping.source, there.commits())
    rebuilt = None
    if options.rebuild and work.state.rows > began_at:
        rebuilt = _rebuilt(there, options, progress)
    progress.note("auditing")
    report = audit(there, here.promises(), options.settle, progress.note)
    ok = compared["equal"] and report.ok and (rebuilt is None or rebuilt["ok"])
    return {"ok": ok, **done, "compared": compared, "rebuilt": rebuilt, "audit": report.facts()}


def _rebuilt(there: Stores, options: Options, progress: Progress) -> Any:
    # The projector may be behind: both generations are equal once it has followed.
    return rebuild(there, RebuildOptions(patience=options.settle), progress).facts()
