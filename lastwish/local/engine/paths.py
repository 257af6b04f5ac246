"""Paths that commands call at the engine and no AWS service has. Alone here: a command does not import the engine."""

JOURNAL = "/_lastwish/journal"
MEASUREMENTS = "/_lastwish/measurements"
RETRY = "/_lastwish/retry"
