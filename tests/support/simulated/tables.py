"""One DynamoDB table in memory: items by key, and what they were a moment ago."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from tests.support.simulated.errors import invalid

type Item = dict[str, Any]
type Key = tuple[Any, Any]
type Written = Callable[[Item | None, Item | None], None]

LONGEST_LAG = 2.0  # seconds that a stale read may be behind


@dataclass
class Table:
    """Items by key. ``indexes`` are (partition, sort) attributes by name; ``written`` hears old and new items."""

    partition: str
    sort: str | None = None
    indexes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    written: Written | None = None
    items: dict[Any, dict[Any, Item]] = field(default_factory=dict)
    past: dict[Key, list[tuple[float, Item | None]]] = field(default_factory=dict)

    def key(self, item: Mapping[str, Any]) -> Key:
        """Return the key of an item. Raises a ValidationException."""
        try:
            return scalar(item[self.partition]), scalar(item[self.sort]) if self.sort else ""
        except KeyError as missing:
            raise invalid(f"One of the required keys was not given a value: {missing}") from None

    def get(self, key: Key) -> Item | None:
        """Return an item as it is."""
        return self.items.get(key[0], {}).get(key[1])

    def all(self) -> Iterator[Item]:
        """Yield every item."""
        for partition in self.items.values():
            yield from partition.values()

    def put(self, key: Key, item: Item | None, now: float) -> None:
        """Write, or delete for None."""
        old = self.get(key)
        kept = [each for each in self.past.get(key, ()) if each[0] > now - LONGEST_LAG]
        self.past[key] = [*kept, (now, old)]
        partition = self.items.setdefault(key[0], {})
        if item is None:
            partition.pop(key[1], None)
        else:
            partition[key[1]] = item
        if self.written and old != item:
            self.written(old, item)


def scalar(value: Mapping[str, Any]) -> Any:
    """Return a key attribute as Python has it."""
    [(kind, scalar)] = value.items()
    if kind not in ("S", "N"):
        raise invalid("a key is text or a number")
    return Decimal(scalar) if kind == "N" else scalar


@cache
def hash_of(key: Key) -> int:
    """Return where a key stands in a scan."""
    return zlib.crc32(f"{key[0]}\0{key[1]}".encode())


def size_of(value: Any) -> int:
    """Return about the bytes of an item."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    if isinstance(value, dict):
        return sum(len(name) + size_of(part) for name, part in value.items())
    if isinstance(value, list):
        return sum(map(size_of, value)) + 3
    return 1
