"""Athena as botocore knows it: what is asked, how it is waited for, and what is read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from typer.testing import CliRunner

from lastwish.cli import app
from lastwish.shipping.memory.statements import find

ID = "3c9e9b4e-0f6a-4a5b-9a55-0d3c2f7a8b01"
OUTPUTS = {"MemoryWorkGroup": "prod", "MemoryDatabase": "prod_db", "ApiUrl": "https://api.test/prod/"}


@pytest.fixture
def outputs() -> dict[str, str]:
    return dict(OUTPUTS)


@pytest.fixture
def athena(monkeypatch: pytest.MonkeyPatch, outputs: dict[str, str]) -> Iterator[Stubber]:
    clients = {name: boto3.client(name, region_name="us-east-1") for name in ("athena", "cloudformation")}
    described = {
        "StackName": "prod",
        "CreationTime": "2026-11-27",
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
    }
    monkeypatch.setattr("lastwish.site.aws_client", clients.__getitem__)
    monkeypatch.setattr("lastwish.polling.time.sleep", lambda _: None)
    with Stubber(clients["cloudformation"]) as stacks, Stubber(clients["athena"]) as stub:
        stacks.add_response("describe_stacks", {"Stacks": [described]})
        yield stub


def starts(athena: Stubber, name: str, **more: Any) -> None:
    asked = {
        "QueryString": find(name).sql,
        "WorkGroup": "prod",
        "QueryExecutionContext": {"Database": "prod_db"},
        **more,
    }
    athena.add_response("start_query_execution", {"QueryExecutionId": ID}, asked)


def is_in(athena: Stubber, state: str, **more: Any) -> None:
    status = {"State": state} | ({"StateChangeReason": more.pop("why")} if "why" in more else {})
    execution = {"QueryExecutionId": ID, "Status": status, **more}
    athena.add_response("get_query_execution", {"QueryExecution": execution}, {"QueryExecutionId": ID})


def answers(athena: Stubber, columns: dict[str, str], *rows: list[str | None], token: str | None = None) -> None:
    data = [{"Data": [{} if each is None else {"VarCharValue": each} for each in row]} for row in rows]
    described = [{"Name": name, "Type": kind} for name, kind in columns.items()]
    found = {"ResultSet": {"Rows": data, "ResultSetMetadata": {"ColumnInfo": described}}}
    athena.add_response("get_query_results", found | ({"NextToken": token} if token else {}))


def run(*args: str) -> Any:
    return CliRunner().invoke(app, ["query", *args, "--stack", "prod", "--json"])


def test_it_waits_reads_all_pages_and_says_what_it_cost(athena: Stubber) -> None:
    starts(athena, "seats")
    is_in(athena, "QUEUED")
    is_in(athena, "RUNNING")
    is_in(athena, "SUCCEEDED", Statistics={"DataScannedInBytes": 40_000_000})
    columns = {"minute": "timestamp", "boarded": "bigint", "share": "double", "sure": "boolean"}
    answers(athena, columns, list(columns), ["2045-01-01 12:00:00.000", "7", "0.5", "true"], token="more")
    answers(athena, columns, [None, "8", None, "false"])
    said = run("seats")
    assert json.loads(said.stdout) == {
        "columns": list(columns),
        "rows": [
            {"minute": "2045-01-01 12:00:00.000", "boarded": 7, "share": 0.5, "sure": True},
            {"minute": None, "boarded": 8, "share": None, "sure": False},
        ],
        "more": False,
        "execution_id": ID,
        "scanned_bytes": 40_000_000,
        "dollars": pytest.approx(0.0002),
    }
    assert "40,000,000 bytes: $0.00020" in said.stderr
    athena.assert_no_pending_responses()


def test_a_parameter_is_bound_and_not_in_the_text(athena: Stubber) -> None:
    starts(athena, "correlation", ExecutionParameters=["'DGz3BHVbIAMFW5Q='"])
    is_in(athena, "SUCCEEDED")
    answers(athena, {"time": "timestamp"}, ["time"])
    facts = json.loads(run("correlation", "DGz3BHVbIAMFW5Q=").stdout)
    assert facts["rows"] == []
    assert facts["dollars"] == pytest.approx(0.00005)  # the least that a query costs


def test_a_value_that_could_end_a_text_starts_nothing(athena: Stubber) -> None:
    said = run("correlation", "x' OR 'x'='x")
    assert said.exit_code == 2
    assert "CORRELATION_ID must be an id" in json.loads(said.stdout)["error"]


def test_more_rows_than_asked_for_are_said(athena: Stubber) -> None:
    starts(athena, "seats")
    is_in(athena, "SUCCEEDED")
    answers(athena, {"boarded": "bigint"}, ["boarded"], ["1"], ["2"])
    said = run("seats", "--limit", "1")
    assert (json.loads(said.stdout)["rows"], json.loads(said.stdout)["more"]) == ([{"boarded": 1}], True)


def test_an_answer_without_names_of_columns_loses_no_row(athena: Stubber, tmp_path: Path) -> None:
    file = tmp_path / "mine.sql"
    file.write_text("SHOW TABLES")
    starts(athena, str(file))
    is_in(athena, "SUCCEEDED")
    answers(athena, {"tab_name": "string"}, ["events"], ["wishes"])
    assert json.loads(run(str(file)).stdout)["rows"] == [{"tab_name": "events"}, {"tab_name": "wishes"}]


def test_a_query_that_fails_says_why(athena: Stubber) -> None:
    starts(athena, "seats")
    is_in(athena, "FAILED", why="Query exhausted resources: bytes scanned limit was exceeded")
    said = run("seats")
    assert said.exit_code == 1
    assert f"bytes scanned limit was exceeded (execution {ID})" in json.loads(said.stdout)["error"]


def test_a_query_that_takes_too_long_is_stopped(athena: Stubber) -> None:
    starts(athena, "seats")
    is_in(athena, "RUNNING")
    athena.add_response("stop_query_execution", {}, {"QueryExecutionId": ID})
    said = run("seats", "--timeout", "0")
    assert said.exit_code == 1
    assert "was stopped: --timeout gives it longer" in json.loads(said.stdout)["error"]


def test_an_answer_of_aws_that_is_an_error_is_a_plain_line_and_stops_the_query(athena: Stubber) -> None:
    starts(athena, "seats")
    athena.add_client_error("get_query_execution", "AccessDeniedException")
    athena.add_response("stop_query_execution", {}, {"QueryExecutionId": ID})
    said = run("seats")
    assert said.exit_code == 1
    assert "AccessDeniedException" in json.loads(said.stdout)["error"]
    athena.assert_no_pending_responses()


@pytest.mark.parametrize("outputs", [{"MemoryWorkGroup": "none"}, {}])
def test_a_stack_without_a_long_memory_says_how_to_have_one(athena: Stubber) -> None:
    said = run("seats")
    assert said.exit_code == 1
    assert "deploy it with the parameter Memory=true" in json.loads(said.stdout)["error"]
