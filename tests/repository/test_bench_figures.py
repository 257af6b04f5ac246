"""The docs quote bench/results.json as it is committed."""

import json

import pytest

from bench.report import RESULTS
from tests.support import ROOT

CACHING = json.loads(RESULTS.read_text())["caching"]


@pytest.mark.parametrize("row", CACHING, ids=[row["answer"] for row in CACHING])
def test_the_table_of_what_the_crowd_costs_is_the_one_that_was_calculated(row: dict[str, float]) -> None:
    quoted = (
        f"| {row['answer']} | {row['kept_seconds']} | {row['asked']:,} | {row['at_the_stage']:,} "
        f"| ${row['dollars_without']:.2f} | ${row['dollars_with']:.2f} |"
    )
    assert quoted in (ROOT / "docs" / "caching.md").read_text()
