"""The command around the model: what it prints, the pictures it writes, and its errors in words."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lastwish.cli import app
from lastwish.scale.parameters import documented

SMALL = ["simulate", "--wishes", "500", "--over", "1"]


def test_json_has_the_bounds_and_an_answer_for_each_variant() -> None:
    done = CliRunner().invoke(app, [*SMALL, "--json"])
    facts = json.loads(done.stdout)
    assert facts["bounds"]["the stage's throttle"] == 2_000
    assert [each["variant"] for each in facts["answers"]] == ["as it is", "raised", "redesigned"]
    assert {each["stored"] for each in facts["answers"]} == {500}


def test_a_table_has_a_column_for_each_variant() -> None:
    done = CliRunner().invoke(app, SMALL)
    assert done.exit_code == 0
    assert "500 wishes in 1 s" in done.stdout
    assert "refused at the first try" in done.stdout
    assert "2,000  the stage's throttle" in done.stdout


def test_a_parameter_that_is_set_counts() -> None:
    done = CliRunner().invoke(app, [*SMALL, "--set", "stage_rate=100", "--set", "stage_burst=50", "--json"])
    facts = json.loads(done.stdout)
    assert facts["bounds"]["the stage's throttle"] == 100
    assert facts["answers"][0]["refused_first"] > 300


def test_parameters_are_shown_with_their_sources() -> None:
    done = CliRunner().invoke(app, ["simulate", "--parameters", "--json"])
    shown = json.loads(done.stdout)["parameters"]
    assert shown.keys() == documented().keys()
    assert shown["stage_rate"] == {"value": 2_000, "unit": "requests/s", "source": "template.yaml: ThrottleRate"}


def test_a_picture_is_written_for_each_question_and_the_same_again(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        assert CliRunner().invoke(app, [*SMALL, "--plots", str(tmp_path / folder)]).exit_code == 0
    (first,), (second,) = (list((tmp_path / folder).iterdir()) for folder in ("one", "two"))
    assert first.name == "scale-500.svg"
    assert "seconds since the first press" in first.read_text()
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--set", "nope=1"], "there is no parameter 'nope': lastwish simulate --parameters shows all"),
        (["--set", "stage_rate"], "stage_rate: '' is no number"),
        (["--set", "stage_rate=many"], "stage_rate=many: 'many' is no number"),
        (["--set", "stage_rate=0"], "stage_rate=0: stage_rate may be from 1 to 2e+06"),
        (["--set", "stage_rate=inf"], "stage_rate=inf: stage_rate may be from 1 to 2e+06"),
        (["--set", "stage_rate=nan"], "stage_rate=nan: stage_rate may be from 1 to 2e+06"),
        (["--set", "memory_mb=5e-324"], "memory_mb=5e-324: memory_mb may be from 1 to 512000"),
        (["--set", "concurrency=0.5"], "concurrency=0.5: concurrency may be from 1 to 1e+06"),
        (["--set", "cold_start=-1"], "cold_start=-1: cold_start may be from 0.001 to 1000"),
        (["--set", "__class__=1"], "there is no parameter '__class__'"),
        (["--set", "slowness=1"], "there is no parameter 'slowness'"),
        (
            ["--wishes", "10000000000", "--set", "concurrency=1"],
            "take more than a year: Lambda's requests lets 10 a second",
        ),
        (["--over", "inf"], "less than or equal to 604800"),
        (["--over", "1e300"], "less than or equal to 604800"),
        (["--wishes", str(10**18)], "10000000000"),
        (["--plots", "/proc/nowhere"], "/proc/nowhere cannot be made"),
    ],
)
def test_what_is_wrong_is_said_in_words(args: list[str], words: str) -> None:
    done = CliRunner().invoke(app, [*SMALL, *args])
    assert done.exit_code == 2
    assert words in done.stderr


@pytest.mark.parametrize("stuck", ["warm_writes=1", "concurrency=1"])
def test_what_never_gets_through_has_no_time(stuck: str) -> None:
    done = CliRunner().invoke(app, [*SMALL, "--set", stuck, "--json"])
    as_it_is = json.loads(done.stdout)["answers"][0]
    assert as_it_is["all_on_the_wall_s"] is None
    assert CliRunner().invoke(app, [*SMALL, "--set", stuck]).exit_code == 0


def test_wishes_need_a_time() -> None:
    done = CliRunner().invoke(app, ["simulate", "--wishes", "500"])
    assert done.exit_code == 2
    assert "--wishes and --over go together" in done.stderr


def test_without_its_packages_the_cli_works_and_simulate_names_them() -> None:
    program = "import sys; sys.modules.update(dict.fromkeys(('simpy', 'matplotlib')));"
    program += "from lastwish.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program, *SMALL], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "lastwish: a simulation needs simpy, matplotlib: run `make setup`\n"
