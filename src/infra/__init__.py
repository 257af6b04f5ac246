"""Adapters: the only code that talks to AWS, reads the environment, logs, measures or traces."""
