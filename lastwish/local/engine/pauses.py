"""Keeps the collector's pauses from growing with what the engine holds.

All of the stand-in for AWS lies in one Python process, and a full collection visits every object in it: with each
thousand wishes it answers nobody for some milliseconds longer. What has survived one is data, and stays until it is
deleted, for which no collector is needed. So it is frozen (`gc.freeze`), and the next one visits only what came since.
What was under way at that moment is frozen too, and a cycle in it is not freed any more: that is the price.
"""

import gc
from collections.abc import Mapping

_OLDEST = 2  # the generation that a full collection is of


def install() -> None:
    """From now on, in this process."""
    gc.callbacks.append(_freeze_survivors)


def _freeze_survivors(phase: str, info: Mapping[str, int]) -> None:
    if phase == "stop" and info["generation"] == _OLDEST:
        gc.freeze()
