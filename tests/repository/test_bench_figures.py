"""The docs quote bench/results.json as it is committed."""

import json
import re
from typing import Any

import pytest

from bench import docs
from bench.bill import SIZES
from bench.lines import Line, lines
from bench.report import RESULTS
from lastwish.observe import bill
from tests.support import ROOT
from tests.support.usages import WISHES, usage

COMMITTED = json.loads(RESULTS.read_text())
CACHING = COMMITTED["caching"]


@pytest.mark.parametrize("row", CACHING, ids=[row["answer"] for row in CACHING])
def test_the_table_of_what_the_crowd_costs_is_the_one_that_was_calculated(row: dict[str, float]) -> None:
    quoted = (
        f"| {row['answer']} | {row['kept_seconds']} | {row['asked']:,} | {row['at_the_stage']:,} "
        f"| ${row['dollars_without']:.2f} | ${row['dollars_with']:.2f} |"
    )
    assert quoted in (ROOT / "docs" / "caching.md").read_text()


def test_the_page_about_performance_is_generated_from_the_committed_results() -> None:
    page = docs.PAGE.read_text()
    assert docs.renewed(COMMITTED, page) == page, "run `python -m bench.docs`"


def test_the_questions_of_newcomers_quote_the_committed_results() -> None:
    page = (ROOT / "docs" / "faq.md").read_text()
    figures = {line.name: line for line in lines(COMMITTED)}
    starts = sorted(
        line.value for name, line in figures.items() if re.fullmatch("instructions of a start, [a-z]+", name)
    )
    assert f"{figures['dollars a million, crowd'].ours} for a million wishes in a crowd" in page
    assert f"{figures['dollars a million, alone'].ours} where each comes alone" in page
    assert f"takes {starts[0]} to {starts[-1]} times the instructions of a bare one" in page


def test_without_its_markers_the_page_is_not_written() -> None:
    with pytest.raises(ValueError, match="generated: results"):
        docs.renewed(COMMITTED, "nothing")


@pytest.mark.parametrize(
    ("value", "goal", "met"), [(5, "≤ 5", True), (5.1, "≤ 5", False), (0.8, "≥ 0.8", True), (9, "", None)]
)
def test_a_line_says_whether_its_goal_is_met(value: float, goal: str, met: bool | None) -> None:
    line = Line("wishes", "1/s", "2/s", value, goal)
    assert line.is_met is met
    assert line.cells[-1] == {True: "met", False: "not met", None: ""}[met]


def test_what_was_not_measured_has_no_line() -> None:
    part = {"door": COMMITTED["door"]}
    assert [line.name for line in lines(part)] == ["CPU of an engine's call behind the door"]


def test_the_profiles_of_other_measurements_are_shown_where_results_have_them() -> None:
    profile = COMMITTED["start_up"] | {"profile": {"worker": {"pydantic": 0.25, "boto3": 1.0}}}
    page = docs.renewed(COMMITTED | {"start_up": profile}, docs.PAGE.read_text())
    assert "| start of worker | boto3 1.00, pydantic 0.25 |" in page


@pytest.mark.parametrize("kind", SIZES)
def test_the_bill_of_a_stack_estimates_what_was_counted_of_a_wish(kind: str) -> None:
    batch, slice_ = SIZES[kind]
    used: Any = {"accepted": WISHES, "requests": WISHES, "recorded": WISHES, "projected": WISHES}
    batches = {"ParserFunction": WISHES / batch, "WorkerFunction": WISHES / batch, "ProjectorFunction": WISHES / slice_}
    used |= {f"{name} Invocations": number for name, number in ({"FrontendFunction": WISHES} | batches).items()}
    items = {item.name: item.quantity for item in bill.of(usage(**used)).items}
    for name in ("api requests", "lambda requests", "sqs requests", "write units", "read units"):
        assert items[name] == pytest.approx(WISHES * COMMITTED["bill"]["per_wish"][kind][name]), name
