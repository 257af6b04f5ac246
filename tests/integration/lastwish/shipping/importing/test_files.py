"""Import files: DynamoDB's own import takes them, and the command says what to do with them."""

import json
import shlex
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.validate import validate_parameters
from typer.testing import CliRunner

from infra.event_store import EventStore
from lastwish.cli import app
from lastwish.polling import wait_until
from lastwish.shipping.importing.checksum import of_items
from lastwish.shipping.importing.fitting import wish_id_of
from lastwish.shipping.importing.writers import items_in
from tests.support.aws import Aws
from tests.support.importing import MAPPING_FILE, letters, write_csv, write_parquet
from tests.support.template import resources


@pytest.fixture
def typed(tmp_path: Path) -> list[str]:
    """The command for forty letters, without its options."""
    (tmp_path / "letters.toml").write_text(MAPPING_FILE)
    source = write_parquet(tmp_path / "a.parquet", letters(40))
    return ["import", str(source), "--mapping", str(tmp_path / "letters.toml"), "--work", str(tmp_path / "work")]


def run(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert not isinstance(done.exception, Exception), done.exception
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer | {"exit_code": done.exit_code}


def test_dynamodbs_import_makes_a_table_of_them(
    aws: Aws, typed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # moto's parser finds nothing in a line with an empty object.
    monkeypatch.setattr("py_partiql_parser.JsonParser.parse", lambda original: map(json.loads, original.splitlines()))
    done = run(*typed, "--to", "files", "--seats", "20", "1000")
    assert (done["ok"], done["exit_code"]) == (True, 0)
    assert done["outcomes"] == {"jupiter_boarded": 13, "mars_boarded": 20, "mars_waitlisted": 7}
    table = resources("AWS::DynamoDB::Table")["EventStore"]["Properties"]
    [_, imported, _] = table["ImportSourceSpecification"]["Fn::If"]
    request = imported | {
        "S3BucketSource": {"S3Bucket": "bucket", "S3KeyPrefix": "letters/"},
        "TableCreationParameters": {name: table[name] for name in ("AttributeDefinitions", "KeySchema", "BillingMode")},
    }
    request["TableCreationParameters"]["TableName"] = "imported"
    shape = aws.dynamodb.meta.service_model.operation_model("ImportTable").input_shape
    validate_parameters(request, shape)
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="bucket")
    for part in (tmp_path / "work" / "parts").iterdir():
        s3.upload_file(str(part), "bucket", f"letters/{part.name}")
    arn = aws.dynamodb.import_table(**request)["ImportTableDescription"]["ImportArn"]

    def told() -> dict[str, Any]:
        return dict(aws.dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"])

    assert wait_until(lambda: told()["ImportStatus"] != "IN_PROGRESS", 30)
    assert (told()["ImportStatus"], told()["ImportedItemCount"], told()["ErrorCount"]) == ("COMPLETED", 40, 0)
    items = aws.dynamodb.scan(TableName="imported")["Items"]
    assert of_items(items, "import:letters").facts() == done["compared"]["source"]
    [commit] = EventStore(aws.dynamodb, "imported").read(f"wish#{wish_id_of('letters', ['1'])}")
    assert (commit.version, commit.correlation_id) == (1, "import:letters")


def test_the_seats_that_are_gone_are_the_marks_of_a_new_table(typed: list[str], tmp_path: Path) -> None:
    run(*typed, "--to", "files", "--seats", "20", "1000")
    marks = json.loads((tmp_path / "work" / "seats.json").read_text())
    assert marks == {"id": {"S": "marks"}, "mars": {"N": "20"}, "jupiter": {"N": "13"}}


def test_a_dry_run_says_all_and_writes_no_file(typed: list[str], tmp_path: Path) -> None:
    source = write_csv(tmp_path / "a.csv", [*letters(3), (4, "x", "Venus", "secret text", "2019-01-01"), (5, "y")])
    done = run(typed[0], str(source), *typed[2:], "--dry-run", "--like", "3000000")
    assert (done["ok"], done["rows"], done["wishes"], done["rejected"]) == (True, 4, 3, 2)
    assert done["reasons"] == [
        {"reason": "destination: The mapping's values have nothing for this.", "count": 1, "at": ["row 4"]},
        {"reason": "line: It has too many or too few columns.", "count": 1, "at": ["line 6"]},
    ]
    assert done["paper"]["commit_write_units"] == 3_000_000
    rejects = Path(done["rejects"]).read_text()
    assert len(rejects.splitlines()) == 2
    assert "secret" not in rejects + json.dumps(done)
    assert not list((tmp_path / "work").rglob("part-*"))


def test_a_line_that_is_no_row_is_counted_apart(typed: list[str], tmp_path: Path) -> None:
    source = write_csv(tmp_path / "a.csv", [*letters(1), (4, "x", "Venus", "text", "2019-01-01"), (5, "y")])
    done = CliRunner().invoke(app, [typed[0], str(source), *typed[2:], "--dry-run"])
    assert done.stdout.startswith("2 rows: 1 wish, 1 does not fit; 1 line is no row (")


def test_words_for_a_person_name_the_next_steps(typed: list[str]) -> None:
    done = CliRunner().invoke(app, [*typed, "--to", "files"])
    assert f"  .venv/bin/lastwish {shlex.join(typed)} --to files --check --stack NAME\n" in done.stdout
    assert "40 rows: 40 wishes, 0 do not fit" in done.stdout
    assert "ImportBucket=BUCKET ImportPrefix=letters/" in done.stdout
    assert "equal" in done.stdout


def test_the_price_says_of_how_many_wishes_also_of_few(typed: list[str]) -> None:
    done = CliRunner().invoke(app, [*typed, "--dry-run"])
    assert "on AWS, for 500,000,000 wishes like these (--like N), by" in done.stdout
    done = CliRunner().invoke(app, [*typed, "--dry-run", "--like", "40"])
    assert "  store dollars: $0.000030\n" in done.stdout


def test_batches_of_a_source_do_not_overwrite_each_other(typed: list[str], tmp_path: Path) -> None:
    (tmp_path / "letters.toml").write_text(f'batch = "b2"\n{MAPPING_FILE}')
    copy, deploy, *_ = run(*typed, "--to", "files")["next"]
    assert (copy.split("//BUCKET/")[-1], deploy.split()[-1]) == ("letters_b2/", "ImportPrefix=letters_b2/")


def test_files_that_lost_a_part_are_not_equal(typed: list[str], tmp_path: Path) -> None:
    run(*typed, "--to", "files")
    [part] = (tmp_path / "work" / "parts").iterdir()
    part.unlink()
    done = run(*typed, "--to", "files")
    assert (done["ok"], done["exit_code"], done["compared"]["stored"]["count"]) == (False, 1, 0)
    assert list(items_in(tmp_path / "work" / "parts")) == []


@pytest.mark.parametrize(
    ("more", "error"),
    [
        (["--check", "--dry-run"], "leave one of them out"),
        (["--mapping", "none.toml"], "cannot read none.toml"),
    ],
)
def test_what_does_not_go_together_is_a_plain_line(typed: list[str], more: list[str], error: str) -> None:
    done = run(*typed, *more)
    assert done["exit_code"] == 2
    assert error in done["error"]


def test_a_check_needs_a_finished_import(typed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Nowhere:
        outputs: dict[str, str] = {}  # noqa: RUF012

    monkeypatch.setattr("lastwish.site.site", lambda _: Nowhere())
    monkeypatch.setattr("lastwish.shipping.importing.run.stores", lambda _: None)
    done = run(*typed, "--to", "files", "--check")
    assert (done["exit_code"], "is not finished" in done["error"]) == (2, True)
