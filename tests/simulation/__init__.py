"""Deterministic simulation of the whole chain: one seed decides clock, ids, schedule and faults (see README.md)."""
