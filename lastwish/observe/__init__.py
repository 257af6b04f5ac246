"""Traces and logs of a stack, found and drawn."""
