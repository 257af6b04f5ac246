"""Adapters: the only code that calls AWS, reads the environment, logs, measures or traces."""

import gc
import random

from snapshot_restore_py import register_after_restore

# A cold start makes a quarter of a million objects, and they stay. Collections at every 2,000 find nothing among them.
gc.set_threshold(100_000)
# Environments that start from one snapshot would draw the same pauses, and all try again at once.
register_after_restore(random.seed)
