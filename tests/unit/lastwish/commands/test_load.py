"""The files of a finished load. Where they cannot be written the figures are reported all the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from lastwish.commands import load as command
from lastwish.load import html_report
from tests.support.loads import finished_load


def test_report_and_csv_are_written(tmp_path: Path) -> None:
    load, path = command.write_files(finished_load(), tmp_path / "report.html", tmp_path / "requests.csv")
    assert (path, load.failures) == (tmp_path / "report.html", [])
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    assert len((tmp_path / "requests.csv").read_text().splitlines()) == 41


def test_a_missing_directory_is_a_failure_and_the_other_file_is_written(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    load, path = command.write_files(finished_load(), gone / "report.html", tmp_path / "requests.csv")
    assert path is None
    assert len(load.failures) == 1
    assert "the report could not be written" in load.failures[0]
    assert (tmp_path / "requests.csv").exists()
    load, path = command.write_files(finished_load(), tmp_path / "report.html", gone / "requests.csv")
    assert path
    assert "the CSV could not be written" in load.failures[0]


def test_a_page_that_cannot_be_rendered_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_report, "_TEMPLATE", tmp_path / "none.html")
    load, path = command.write_files(finished_load(), tmp_path / "report.html", None)
    assert path is None
    assert "the report could not be written" in load.failures[0]


BLOCKED = "import sys; sys.modules.update(dict.fromkeys(('locust', 'gevent', 'numpy', 'matplotlib')));"


@pytest.mark.parametrize(
    ("args", "code", "output"),
    [
        (["--help"], 0, "load"),
        (["load", "--help"], 0, "--wishes"),
        (["load", "--wishes", "1"], 1, "lastwish: a load needs locust, numpy, matplotlib: run `make setup`"),
    ],
)
def test_without_the_packages_of_a_load_the_cli_works_and_load_names_them(
    args: list[str], code: int, output: str
) -> None:
    program = f"{BLOCKED} from lastwish.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program, *args], capture_output=True, text=True, check=False)
    assert (done.returncode, output in done.stdout + done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
