"""A short form of every measurement of `make bench`: it gives what bench/results.json has. No time is asserted."""

import json
from typing import Any

import pytest

from bench.report import MEASUREMENTS, RESULTS, Sizes, measure, tables
from tests.support.chromium import chromium
from tests.support.laptop import Stack

SHORT = Sizes(wishes=10, clients=2, rounds=1, runs=1, loads=1, quiet_ms=100)


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    results: dict[str, Any] = json.loads(RESULTS.read_text())
    return results


def form(value: Any) -> Any:
    """Keys and types of a JSON value; a list has those of its first item."""
    match value:
        case dict():
            return {key: form(item) for key, item in value.items()}
        case list():
            return [form(item) for item in value[:1]]
        case bool() | str() | None:
            return type(value)
        case _:
            return float


def counts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a measurement without prices, which depend on each byte of a page."""
    return [{name: value for name, value in row.items() if not name.startswith("dollars")} for row in rows]


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_a_measurement_has_the_keys_of_the_committed_results(
    stack: Stack, committed: dict[str, Any], name: str
) -> None:
    if name == "pages" and chromium() is None:
        pytest.skip("no Chromium on this machine: install Debian's chromium to measure the pages")
    _, run = MEASUREMENTS[name]
    result = json.loads(json.dumps(run(stack, SHORT)))
    assert form(result) == form(committed[name])
    if name in ("capacity_units_per_wish", "caching"):
        assert counts(result) == counts(committed[name]), "the committed figures are out of date: run `make bench`"


def test_the_results_are_those_of_all_measurements(
    monkeypatch: pytest.MonkeyPatch, stack: Stack, committed: dict[str, Any]
) -> None:
    for name in MEASUREMENTS:
        monkeypatch.setitem(MEASUREMENTS, name, ("measuring", lambda *_, name=name: committed[name]))
    assert form(measure(stack, SHORT, lambda _: None)) == form(committed)


def test_a_measurement_that_needs_chromium_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, stack: Stack, committed: dict[str, Any]
) -> None:
    for name in MEASUREMENTS:
        result = None if name == "pages" else committed[name]
        monkeypatch.setitem(MEASUREMENTS, name, ("measuring", lambda *_, result=result: result))
    notes: list[str] = []
    results = measure(stack, SHORT, notes.append)
    assert set(committed) - set(results) == {"pages"}
    assert notes[-2:] == ["pages: not measured, there is no Chromium on this machine", "measuring …"]
    assert len(tables(results)) == len(tables(committed)) - 1
