"""Compare two generations of the read model while both of them change.

Rows are compared at equal versions by an order-free checksum: the sum, modulo 2^64, of the first eight bytes of the
SHA-256 of each row. A row whose version is higher on one side is lagging, not wrong, and is compared again.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import stamina

from domain.errors import StoreUnavailable
from lastwish.aws.generations import Entry
from lastwish.maintenance.stores import Stores

_PAUSE = 0.25
_MOST_TRIES = 20

type Place = tuple[str, str]  # shelf and wish id
type Rows = dict[Place, tuple[int, int]]  # version and digest


@dataclass(frozen=True)
class Comparison:
    """Checksums in hex over the ``rows`` that both have at equal versions; ``lagging`` rows are left out."""

    old: str
    new: str
    rows: int
    lagging: int
    same_totals: bool

    @property
    def equal(self) -> bool:
        """Both have the same rows, all of them, and the same totals."""
        return self.old == self.new and self.same_totals and not self.lagging


def compare(stores: Stores, old: int, new: int, scanned: Mapping[str, int], patience: float) -> Comparison:
    """Compare until equal or ``patience`` seconds have passed.

    ``scanned`` is the version of each wish that the rebuild has read: both generations must have all of these.
    """
    deadline = time.monotonic() + patience
    while True:
        olds, news = _rows(stores, old, new)
        level = {place for place in olds.keys() & news.keys() if olds[place][0] == news[place][0]}
        expected = {place for place in olds.keys() | news.keys() if place[1] in scanned}
        behind = {place for place in expected & level if olds[place][0] < scanned[place[1]]}
        lagging = len(expected - level) + len(behind) + len(scanned.keys() - {wish_id for _, wish_id in expected})
        sums = [sum(rows[place][1] for place in level) % 2**64 for rows in (olds, news)]
        same_totals = _same_totals(stores, old, new, deadline)
        result = Comparison(f"{sums[0]:016x}", f"{sums[1]:016x}", len(level), lagging, same_totals)
        if result.equal or time.monotonic() > deadline:
            return result
        time.sleep(_PAUSE)


def _rows(stores: Stores, old: int, new: int) -> tuple[Rows, Rows]:
    rows: dict[int, Rows] = {old: {}, new: {}}
    for entry in stores.read_model.scan((old, new)):
        version = entry.values.get("version")
        if version is not None:  # one that is no number is behind every other
            number = int(version) if isinstance(version, Decimal) else 0
            rows[entry.generation][entry.shelf, entry.name] = (number, digest(entry))
    return rows[old], rows[new]


def digest(row: Entry) -> int:
    """Return a row as a number, the same in every generation."""
    content = [row.shelf, row.name, row.values]
    canonical = json.dumps(content, sort_keys=True, default=str, ensure_ascii=False, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:8])


def _same_totals(stores: Stores, old: int, new: int, deadline: float) -> bool:
    """Try to find one instant at which the counters are equal: the projector writes one generation after the other."""
    tries = 0
    while True:
        first, second = _counters(stores, old, new)
        tries += 1
        if first == second:
            return True
        if time.monotonic() > deadline or tries == _MOST_TRIES:  # compare the rows again, which may show the reason
            return False
        time.sleep(_PAUSE)


@stamina.retry(on=StoreUnavailable, attempts=5)
def _counters(stores: Stores, old: int, new: int) -> list[dict[str, Any]]:
    """Return the counters of both. AWS cancels this read while the projector writes one of them: try again."""
    return stores.read_model.counters(old, new)
