"""Check the objectives, and that the code measures what they promise."""

import pytest

from mission.slos import BURNS, SLOS, WINDOW_DAYS, Burn, budget_left

BY_NAME = {slo.name: slo for slo in SLOS}


@pytest.mark.parametrize(
    ("bad", "total", "objective", "left"),
    [
        (0, 0, 0.999, 1.0),  # a fresh stack
        (0, 1_000_000, 0.999, 1.0),
        (1, 2000, 0.999, 0.5),
        (2, 2000, 0.999, 0.0),
        (4, 2000, 0.999, -1.0),
        (1, 1, 0.99, -99.0),
        (0, 10, 1.0, 1.0),
        (1, 10, 1.0, 0.0),  # the first failure spends a budget of nothing
        (10, 10, 1.0, 0.0),
    ],
)
def test_the_rest_of_a_budget(bad: float, total: float, objective: float, left: float) -> None:
    assert budget_left(bad, total, objective) == pytest.approx(left)


def test_there_are_six_objectives_with_names_of_their_own() -> None:
    assert list(BY_NAME) == ["post-availability", "page-latency", "api-latency", "boarding", "freshness", "zero-loss"]


@pytest.mark.parametrize("burn", BURNS, ids=lambda burn: burn.name)
def test_every_budget_can_burn_at_each_rate(burn: Burn) -> None:
    """A threshold above 1 would be an alarm that never goes off."""
    assert all(0 < burn.threshold(slo.objective) < 1 for slo in SLOS if slo.objective < 1)


def test_a_page_spends_less_of_the_budget_than_a_ticket_and_watches_less_time() -> None:
    page, ticket = BURNS
    spent = [burn.rate * burn.long / (WINDOW_DAYS * 86400) for burn in BURNS]
    assert spent[0] < spent[1] < 0.1
    assert page.long < ticket.long
    assert all(burn.short < burn.long for burn in BURNS)


@pytest.mark.parametrize(
    ("name", "span"),
    [
        ("page-latency", "1 s"),
        ("api-latency", "500 ms"),
        ("boarding", "30 s"),
        ("freshness", "10 s"),
    ],
)
def test_a_promise_names_its_time(name: str, span: str) -> None:
    assert f"within {span} " in f"{BY_NAME[name].promise} "
