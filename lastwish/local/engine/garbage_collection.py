"""Keep the pauses of Python's garbage collector short, however much the engine holds.

The engine holds all its data as objects of one process, and a full collection visits every object: the pause grows by
some milliseconds with each thousand wishes. Objects that survived a collection are data, which live until they are
deleted. So they are frozen (`gc.freeze`), and the next collection visits only newer objects. The cost: reference cycles
among frozen objects are never freed.
"""

import gc
from collections.abc import Mapping

_OLDEST = 2  # the generation of a full collection


def install() -> None:
    """Freeze the survivors of every full collection of this process from now on."""
    gc.callbacks.append(_freeze_survivors)


def _freeze_survivors(phase: str, info: Mapping[str, int]) -> None:
    if phase == "stop" and info["generation"] == _OLDEST:
        gc.freeze()
