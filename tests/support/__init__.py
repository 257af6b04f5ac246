"""Helpers of the tests. No file here holds a test, and no test file is imported by another."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
