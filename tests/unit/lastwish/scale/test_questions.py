"""Bounds by arithmetic, what is raised for them, and that the parameters follow template and code."""

from types import SimpleNamespace
from typing import Any

import pytest

from bench.scale import with_figures
from infra.read_model import sliced
from lastwish.polling import FIRST_PAUSE, LONGEST_PAUSE
from lastwish.scale.deployed import deployed
from lastwish.scale.parameters import documented
from lastwish.scale.questions import answers, bounds, raise_all
from tests.support import ROOT, template

DEPLOYED = deployed()
DEFAULTS = {name: each["Default"] for name, each in template.load()["Parameters"].items()}


@pytest.mark.parametrize(
    ("bound", "rate"),
    [("ReadModel's writes", 1_900), ("the stage's throttle", 2_000), ("the item of the seats", 10_000)],
)
def test_a_bound_is_where_it_was_measured_from_outside(bound: str, rate: float) -> None:
    assert bounds(DEPLOYED)[bound] == pytest.approx(rate, rel=0.02)


def test_a_lease_for_each_wish_binds_at_a_thousand() -> None:
    assert bounds(DEPLOYED.replace(worker_batch=1))["the item of the seats"] == 1_000


def test_the_parameters_follow_the_template() -> None:
    worker = template.load()["Resources"]["WorkerFunction"]["Properties"]["Events"]
    (mapping,) = (event["Properties"] for event in worker.values())
    assert DEPLOYED.stage_rate == DEFAULTS["ThrottleRate"]
    assert DEPLOYED.stage_burst == DEFAULTS["ThrottleBurst"]
    assert DEPLOYED.consumers == DEFAULTS["ConsumerConcurrency"]
    assert DEPLOYED.worker_batch == mapping["BatchSize"]
    assert DEPLOYED.warm_writes == DEFAULTS["WarmWrites"] or DEFAULTS["WarmWrites"] == 0


def test_the_parameters_follow_the_code() -> None:
    rows: Any = [SimpleNamespace(row_count=1)] * 200
    assert DEPLOYED.slice_rows == len(next(iter(sliced(rows))))
    assert (DEPLOYED.first_pause, DEPLOYED.longest_pause) == (FIRST_PAUSE, LONGEST_PAUSE)


@pytest.mark.parametrize("name", documented())
def test_each_parameter_says_where_it_is_from(name: str) -> None:
    source = documented()[name]["source"]
    file = ROOT / source.partition(":")[0].partition(",")[0]
    assert source.startswith(("https://docs.aws.amazon.com/", "assumed: ", "AWS; ")) or file.is_file()


def test_all_is_raised_that_settings_can_raise_and_design_does_the_rest() -> None:
    rate = 20_000
    settings, steps = raise_all(DEPLOYED, rate, design=False)
    low = {name for name, most in bounds(settings).items() if most < rate}
    assert low == {"the projector's writer", "the item of the seats"}
    assert {"ThrottleRate", "WarmWrites", "ConsumerConcurrency"} < {step["raise"] for step in steps}
    redesigned, _ = raise_all(settings, rate, design=True)
    assert min(bounds(redesigned).values()) >= rate


def test_an_answer_has_the_three_variants_and_each_bears_more() -> None:
    as_it_is, raised, redesigned = answers(DEPLOYED, 30_000, 5.0)
    assert [each.variant for each in (as_it_is, raised, redesigned)] == ["as it is", "raised", "redesigned"]
    assert as_it_is.figures["refused_first"] > raised.figures["refused_first"] == 0
    assert raised.figures["all_on_the_wall_s"] > redesigned.figures["all_on_the_wall_s"]
    assert as_it_is.figures["lowest_bound"]["name"] == next(iter(bounds(DEPLOYED)))
    assert 5 < 1e6 * as_it_is.figures["dollars"] / 30_000 < 15


def test_the_figures_of_the_docs_can_be_written_anew() -> None:
    page = with_figures((ROOT / "docs" / "scale.md").read_text(), "nothing\n")
    assert "$ lastwish simulate\nnothing\n```\n" in page
    assert "the item of the seats" not in page
    with pytest.raises(ValueError, match="not found"):
        with_figures("# Scale\n", "nothing\n")


def test_the_docs_have_the_bounds_of_today() -> None:
    page = (ROOT / "docs" / "scale.md").read_text()
    assert [name for name, rate in bounds(DEPLOYED).items() if f"{round(rate):>14,}  {name}" not in page] == []
