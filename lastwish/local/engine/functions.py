"""Look at the processes in which the engine runs the functions: one for each invocation at a time."""

import re
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import psutil

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def memory_mb(engine: int) -> dict[str, list[int]]:
    """Return the most memory of each process so far, in MB, by the name of its function; ``engine`` is a pid.

    It is the peak of the resident set where the system tells it (Linux), elsewhere what is resident now. The engine
    ends all but one process of a function after five idle minutes; those that have ended are not counted.
    """
    found: defaultdict[str, list[int]] = defaultdict(list)
    with suppress(psutil.Error):  # the engine ended meanwhile
        for process in psutil.Process(engine).children():
            with suppress(psutil.Error, OSError):  # it ended meanwhile, or is a zombie
                if name := process.environ().get("AWS_LAMBDA_FUNCTION_NAME"):
                    found[name].append(round(_bytes(process) / 2**20))
    return dict(found)


def _bytes(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status")
    if status.exists() and (match := _PEAK.search(status.read_text())):
        return int(match[1]) * 1024
    return int(process.memory_info().rss)
