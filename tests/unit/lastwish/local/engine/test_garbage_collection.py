"""A full garbage collection of the engine's process."""

import os
import subprocess
import sys


def test_a_full_collection_visits_only_what_came_since_the_last() -> None:
    """Run in a process of its own, which starts as the engine does but serves nothing."""
    program = """
import gc
import ministack.app
from lastwish.local.engine import server

ministack.app.main = lambda: None
server.main()
kept = [[number] for number in range(100_000)]
gc.collect()
print(len(gc.get_objects()) < 1000, gc.get_freeze_count() > 100_000)
"""
    command = [sys.executable, "-c", program, "--fd", "0", "--journal", os.devnull]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
