"""One thing that the audit found wrong, and what repairs it."""

from dataclasses import asdict, dataclass

_REBUILD = "`lastwish rebuild --flip`"
_RESTORE = "restore its commits from a backup of EventStore, before any rebuild"

# What repairs a difference, by its kind: of the promises, the commits, the seats, the read model.
REPAIRS = {
    "missing": "look for it with `lastwish logs WISH_ID`; if it is in no queue and no backup, it is lost",
    "in-flight": "audit again, with a longer `--settle`",
    "uncertain": "audit again when nobody else reads the dead letters",
    "letters-hidden": "audit again when nobody else reads the dead letters",
    "unpromised": "audit with a whole record (`--ledger FILE`); if it is whole, find out who else writes to the "
    "queues, and park the dead letter (`lastwish dlq park`)",
    "record-unreadable": "audit with a whole record (`--ledger FILE`); `lastwish reset` begins a new one",
    "also-dead-lettered": "`lastwish dlq redrive`: the same wish again changes nothing, and the letter is gone",
    "erased-text": "`lastwish erase WISH_ID` again; if its row in the live generation has it, " + _REBUILD,
    "gap": _RESTORE,
    "no-beginning": _RESTORE,
    "order": _RESTORE,
    "commit-twice": _RESTORE,
    "unreadable": "deploy a version that can read it; else " + _RESTORE,
    "tag": _RESTORE + "; then find out what wrote it",
    "seat-twice": "nothing can: both have seen it; tell one of them",
    "seat-above-mark": "set the mark in Seats to the highest seat that is held",
    "seat-free": "take the seat off the free list in Seats",
    "totals": _REBUILD,
    "minutes": _REBUILD,
    "row-missing": _REBUILD,
    "row-twice": _REBUILD,
    "row-differs": _REBUILD,
    "row-ahead": _RESTORE,
    "row-without-wish": "restore its commits if it is missing as well, then " + _REBUILD,
    "row-tag": _REBUILD + "; then find out what wrote it",
    "model-unreadable": _REBUILD,
    "feed-hole": _REBUILD,
    "feed-end": _REBUILD,
    "feed-twice": _REBUILD,
    "feed-missing": _REBUILD,
    "feed-without-row": _REBUILD,
    "feed-not-withdrawn": _REBUILD,
    "news-hole": _REBUILD,
    "news-end": _REBUILD,
    "generation": "wait for the rebuild that runs; if none does, `lastwish rebuild`",
    "old-text": "wait for the rebuild that runs; if none does, `lastwish rebuild`",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One violated rule; ``kind`` is one of REPAIRS. ``detail`` never quotes what was typed."""

    kind: str
    wish_id: str | None
    detail: str

    @property
    def repair(self) -> str:
        """What repairs it."""
        return REPAIRS[self.kind]

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return {**asdict(self), "repair": self.repair}
