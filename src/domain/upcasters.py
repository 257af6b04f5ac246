"""Upcasters: turn stored events of old versions into the newest, one version at a time.

An upcaster is a pure function of an event's data, named after its step. It never fails and never guesses: a fact that
an old version does not have is None in the new one.
"""

from collections.abc import Callable
from typing import Any

type Data = dict[str, Any]


def boarded_v1_v2(data: Data) -> Data:
    """Add seat, pod and arrival, which version 1 did not have."""
    return {**data, "seat": None, "pod": None, "arrives_on": None}


def shown_v1_v2(data: Data) -> Data:
    """Add ``since``: version 1 had no delay and was shown at once."""
    return {**data, "since": None}


UPCASTERS: dict[str, tuple[str, Callable[[Data], Data]]] = {
    "lastwish.wish.boarded.v1": ("lastwish.wish.boarded.v2", boarded_v1_v2),
    "lastwish.wish.shown.v1": ("lastwish.wish.shown.v2", shown_v1_v2),
}


def upcast(type_name: str, data: Data) -> tuple[str, Data]:
    """Return the newest type name and data of the same fact."""
    while type_name in UPCASTERS:
        type_name, step = UPCASTERS[type_name]
        data = step(data)
    return type_name, data
