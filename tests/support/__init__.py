"""Helpers of the tests, the contract that every event store passes, and two commands (pictures, schemas).

Pytest collects no file here, and no test file imports another.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
