"""Tools of the operator: the command line, the local stack, AWS, maintenance, observation, load, drills."""

from importlib.metadata import version

__version__ = version("lastwish")
