"""Whether two generations of the read model say the same, while both of them move.

Rows are compared at equal versions by an order-free checksum: the sum, modulo 2^64, of the first eight bytes of the
SHA-256 of each row. A row that one side has further than the other is lagging, not wrong, and is looked at again.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from lastwish.maintenance.stores import Item, Stores

_deserialise = TypeDeserializer().deserialize
_PAUSE = 0.25

type Place = tuple[str, str]
type Rows = dict[Place, tuple[int, int]]  # version and digest


@dataclass(frozen=True)
class Comparison:
    """Checksums in hex over the ``rows`` that both have at equal versions; ``lagging`` ones were left out."""

    old: str
    new: str
    rows: int
    lagging: int
    same_totals: bool

    @property
    def equal(self) -> bool:
        """The same rows, all of them, and the same totals."""
        return self.old == self.new and self.same_totals and not self.lagging


def compare(stores: Stores, old: int, new: int, scanned: Mapping[str, int], patience: float) -> Comparison:
    """Compare until equal or ``patience`` seconds have passed.

    ``scanned`` is the version of each wish that the rebuild has seen: both generations must have all of these.
    """
    deadline = time.monotonic() + patience
    while True:
        olds, news = _rows(stores, old, new)
        level = {place for place in olds.keys() & news.keys() if olds[place][0] == news[place][0]}
        wanted = {place for place in olds.keys() | news.keys() if place[1] in scanned}
        behind = {place for place in wanted & level if olds[place][0] < scanned[place[1]]}
        lagging = len(wanted - level) + len(behind) + len(scanned.keys() - {wish_id for _, wish_id in wanted})
        sums = [sum(rows[place][1] for place in level) % 2**64 for rows in (olds, news)]
        same_totals = _same_totals(stores, old, new, deadline)
        result = Comparison(f"{sums[0]:016x}", f"{sums[1]:016x}", len(level), lagging, same_totals)
        if result.equal or time.monotonic() > deadline:
            return result
        time.sleep(_PAUSE)


def _rows(stores: Stores, old: int, new: int) -> tuple[Rows, Rows]:
    found: dict[str, Rows] = {str(old): {}, str(new): {}}
    for page in stores.scan("ReadModel"):
        for item in page:
            generation, _, shelf = item["pk"]["S"].partition("#")
            if generation in found and "version" in item:
                found[generation][shelf, item["sk"]["S"]] = (int(item["version"]["N"]), digest(item))
    return found[str(old)], found[str(new)]


def digest(item: Item) -> int:
    """A row as a number, the same in every generation."""
    row: dict[str, Any] = {name: _deserialise(value) for name, value in item.items()}
    row["pk"] = row["pk"].partition("#")[2]
    canonical = json.dumps(row, sort_keys=True, default=str, ensure_ascii=False, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:8])


def _same_totals(stores: Stores, old: int, new: int, deadline: float) -> bool:
    """Whether the counters are ever equal in one instant: the projector writes one generation after the other."""
    table = stores.table("ReadModel")
    keys = [{"pk": {"S": f"{generation}#totals"}, "sk": {"S": "-"}} for generation in (old, new)]
    tries = 0
    while True:
        answer = stores.dynamodb.transact_get_items(
            TransactItems=[{"Get": {"TableName": table, "Key": key}} for key in keys]
        )
        first, second = (_counts(response.get("Item", {})) for response in answer["Responses"])
        tries += 1
        if first == second:
            return True
        if time.monotonic() > deadline or tries == 20:  # then the rows again, which may say why
            return False
        time.sleep(_PAUSE)


def _counts(item: Item) -> dict[str, str]:
    return {
        name: value["N"]
        for name, value in item.items()
        if name not in ("position", "news") and value.get("N", "0") != "0"
    }
