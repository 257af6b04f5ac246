"""What becomes of a finished load when its files cannot be written: the figures are told all the same."""

from pathlib import Path

import pytest

from lastwish.commands import load as loading
from lastwish.load import page
from tests.support.runs import run


def test_both_are_written(tmp_path: Path) -> None:
    where, told = loading.written(run(), tmp_path / "report.html", tmp_path / "requests.csv")
    assert (where, told.failures) == (tmp_path / "report.html", [])
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    assert len((tmp_path / "requests.csv").read_text().splitlines()) == 41


def test_a_directory_that_went_away_is_told_and_takes_nothing_else_along(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    where, told = loading.written(run(), gone / "report.html", tmp_path / "requests.csv")
    assert where is None
    assert len(told.failures) == 1
    assert "the report could not be written" in told.failures[0]
    assert (tmp_path / "requests.csv").exists()
    where, told = loading.written(run(), tmp_path / "report.html", gone / "requests.csv")
    assert where
    assert "the CSV could not be written" in told.failures[0]


def test_a_page_that_cannot_be_drawn_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_TEMPLATE", tmp_path / "none.html")
    where, told = loading.written(run(), tmp_path / "report.html", None)
    assert where is None
    assert "the report could not be written" in told.failures[0]
