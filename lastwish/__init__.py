"""What the operator runs: the command line, the local stack, and what looks after both."""

from importlib.metadata import version

__version__ = version("lastwish")
