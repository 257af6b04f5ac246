"""Measure what the chain costs beside doing nothing: ratios of one machine in one run. See `python -m bench --help`.

Local figures say nothing about AWS. The ratios say what our own code adds, whatever the machine.
"""


class BenchFailed(Exception):  # noqa: N818 - it is named for what happened
    """A measurement did not come to its end, so there is nothing to compare."""


class NotMeasured(Exception):  # noqa: N818
    """This machine cannot make the measurement; the message says what it lacks."""
