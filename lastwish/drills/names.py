"""Names of all drills: one for each failure mode. The catalogue beside this file knows what they do, and imports it."""

from observability.failure_catalogue import CATALOGUE

NAMES = tuple(mode.name for mode in CATALOGUE)
