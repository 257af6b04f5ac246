"""Adapters: the only code that calls AWS, reads the environment, logs, measures or traces."""

import gc

# A cold start makes a quarter of a million objects, and they stay. Collections at every 2,000 find nothing among them.
gc.set_threshold(100_000)
