"""From what was stored once to what the code knows now, one version at a time.

An upcaster is a pure function of an event's data, named after the step it takes. It never fails and never guesses: what
an old version did not say is None in the new one.
"""

from collections.abc import Callable
from typing import Any

type Data = dict[str, Any]


def boarded_v1_v2(data: Data) -> Data:
    """The first ships had no seat numbers."""
    return {**data, "seat": None, "pod": None, "arrives_on": None}


def shown_v1_v2(data: Data) -> Data:
    """Whatever was shown before there was a delay was shown at once."""
    return {**data, "since": None}


UPCASTERS: dict[str, tuple[str, Callable[[Data], Data]]] = {
    "lastwish.wish.boarded.v1": ("lastwish.wish.boarded.v2", boarded_v1_v2),
    "lastwish.wish.shown.v1": ("lastwish.wish.shown.v2", shown_v1_v2),
}


def upcast(type_name: str, data: Data) -> tuple[str, Data]:
    """The newest type name and data of the same fact."""
    while type_name in UPCASTERS:
        type_name, step = UPCASTERS[type_name]
        data = step(data)
    return type_name, data
