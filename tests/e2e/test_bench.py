"""A short form of every measurement of `make bench`: it gives what bench/results.json has. No time is asserted."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from bench import NotMeasured
from bench.lines import SECTIONS, lines
from bench.report import MEASUREMENTS, RESULTS, Sizes, measure
from tests.support.laptop import Stack

SHORT = Sizes(wishes=10, clients=2, rounds=1, runs=1, loads=1, quiet_ms=100, warm=10, stored=(20, 40), calls=1)


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


def billed(result: dict[str, Any]) -> dict[str, dict[str, float]]:
    """What a wish uses, without processor time and log bytes, which differ from run to run."""
    varying = ("lambda GB-seconds", "log bytes")
    return {kind: {name: of[name] for name in of if name not in varying} for kind, of in result["per_wish"].items()}


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_a_measurement_has_the_keys_of_the_committed_results(
    stack: Stack, committed: dict[str, Any], name: str
) -> None:
    if name == "start_up" and (os.environ.get("BENCH") != "all" or not shutil.which("valgrind")):
        pytest.skip("valgrind takes minutes for all starts: make nightly counts them, where it is installed")
    _, run = MEASUREMENTS[name]
    try:
        result = json.loads(json.dumps(run(stack, SHORT)))
    except NotMeasured as reason:
        pytest.skip(f"not measured: {reason}")
    assert form(result) == form(committed[name])
    if name == "bill":
        assert billed(result) == billed(committed[name]), "the committed bill is out of date: run `make bench`"
    if name in ("capacity_units_per_wish", "read_units_per_wish", "caching"):
        assert counts(result) == counts(committed[name]), "the committed figures are out of date: run `make bench`"


def test_the_results_are_those_of_all_measurements(
    monkeypatch: pytest.MonkeyPatch, stack: Stack, committed: dict[str, Any]
) -> None:
    for name in MEASUREMENTS:
        monkeypatch.setitem(MEASUREMENTS, name, ("measuring", lambda *_, name=name: committed[name]))
    assert form(measure(stack, SHORT, lambda _: None)) == form(committed)


@pytest.mark.parametrize("missing", ["pages", "frames", "read_units_per_wish", "warm"])
def test_a_measurement_that_this_machine_cannot_make_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, stack: Stack, committed: dict[str, Any], missing: str
) -> None:
    def run(name: str) -> Any:
        if name == missing:
            raise NotMeasured("there is no such thing here")
        return committed[name]

    for name in MEASUREMENTS:
        monkeypatch.setitem(MEASUREMENTS, name, ("measuring", lambda *_, name=name: run(name)))
    notes: list[str] = []
    results = measure(stack, SHORT, notes.append)
    assert set(committed) - set(results) == {missing}
    assert f"{missing}: not measured, there is no such thing here" in notes
    assert lines(results)
    assert (len(lines(results)) < len(lines(committed))) == (missing in SECTIONS)


def test_without_chromium_no_page_is_measured(monkeypatch: pytest.MonkeyPatch, stack: Stack, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotMeasured, match="there is no Chromium"):
        MEASUREMENTS["pages"][1](stack, SHORT)


def test_without_java_no_read_is_counted(monkeypatch: pytest.MonkeyPatch, stack: Stack, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotMeasured, match="DynamoDB Local does not run here: there is no Java"):
        MEASUREMENTS["read_units_per_wish"][1](stack, SHORT)
