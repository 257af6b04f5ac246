"""Adapters: the only code that calls AWS, reads the environment, logs, measures or traces."""
