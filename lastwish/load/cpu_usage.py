"""CPU seconds of the processes that take part in a load."""

import os
from collections.abc import Mapping
from contextlib import suppress

import psutil


def cpu_seconds(pids: Mapping[str, int]) -> dict[str, float]:
    """Return the CPU seconds so far of each part, with all its children, dead or alive; without parts that are gone.

    Of this process itself the children do not count: they are other parts.
    """
    used = {}
    for part, pid in pids.items():
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            is_other = pid != os.getpid()
            family = [process, *process.children(recursive=True)] if is_other else [process]
            used[part] = sum(_own_seconds(member, with_ended_children=is_other) for member in family)
    return used


def _own_seconds(process: psutil.Process, with_ended_children: bool) -> float:
    with suppress(psutil.Error):
        times = process.cpu_times()
        ended = times.children_user + times.children_system if with_ended_children else 0
        return float(times.user + times.system + ended)
    return 0.0
