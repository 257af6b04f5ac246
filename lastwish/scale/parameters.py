"""Parameters of the model: numbers by name, as parameters.toml has them with unit and source."""

import tomllib
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_suffix(".toml")


class Parameters:
    """The numbers of one chain, as attributes. ``slices``: wishes of a transaction, and the write units it takes."""

    def __init__(self, values: Mapping[str, float], slices: tuple[tuple[float, float], ...]) -> None:
        self.values, self.slices = dict(values), slices

    def __getattr__(self, name: str) -> float:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None

    def replace(self, **changes: float) -> "Parameters":
        """Return these with other values. Raises AttributeError for a name that is not there."""
        if unknown := changes.keys() - self.values.keys():
            raise AttributeError(*unknown)
        return Parameters(self.values | changes, self.slices)

    @property
    def slowness(self) -> float:
        """How many times slower than a whole processor a function is: memory buys processor time."""
        return max(1, self.vcpu_mb / self.memory_mb) if not self.cores else 1

    @property
    def shards(self) -> float:
        """Shards of the store's stream. Assumed: one for each partition that the warm throughput needs."""
        return max(1, self.warm_writes // self.partition_writes)

    @property
    def fair_share(self) -> float:
        """Environments of the account that each of the four functions has at least. Assumed: they get on."""
        return self.concurrency / 4

    def slice_units(self, wishes: float) -> float:
        """Write units that a transaction of so many wishes takes, by straight lines between what was measured."""
        for (small, low), (large, high) in pairwise(self.slices):
            if wishes <= large or large == self.slices[-1][0]:
                return low + (high - low) * (wishes - small) / (large - small)
        raise ValueError(f"no straight line through {self.slices}")


@cache
def documented() -> dict[str, dict[str, Any]]:
    """Return value, unit and source of each parameter, by name."""
    return tomllib.loads(_FILE.read_text())
