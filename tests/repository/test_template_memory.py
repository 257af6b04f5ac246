"""memory.yaml: what there is of the long memory, what gets into it, and who may do what."""

import json
from typing import Any

import pytest

from lastwish.shipping.memory import facts
from lastwish.shipping.memory.statements import FOLDERS, TABLES, VIEWS, queries, view
from observability.metrics import FUNCTIONS
from tests.support.conditions import Deployment
from tests.support.journals import boarded, item
from tests.support.samples import WISH_ID
from tests.support.template import MEMORY, load, resources
from tests.support.wishes import stream_event

DOCUMENT = load(MEMORY)
GLUE = {
    each["Properties"]["TableInput"]["Name"]: each["Properties"]["TableInput"]
    for each in resources("AWS::Glue::Table", DOCUMENT).values()
}
STREAMS = {
    name: each["Properties"]["ExtendedS3DestinationConfiguration"]
    for name, each in resources("AWS::KinesisFirehose::DeliveryStream", DOCUMENT).items()
}


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["Resources"][name]["Properties"]
    return found


def statements() -> list[dict[str, Any]]:
    """Every statement that allows something, of all roles and policies."""
    roles = [
        policy for each in resources("AWS::IAM::Role", DOCUMENT).values() for policy in each["Properties"]["Policies"]
    ]
    documents = [*roles, *(each["Properties"] for each in resources("AWS::IAM::ManagedPolicy", DOCUMENT).values())]
    return [statement for each in documents for statement in each["PolicyDocument"]["Statement"]]


# --- what there is ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("parameters", "is_there"),
    [
        ({"Stage": "dev"}, False),
        ({"Stage": "prod"}, False),
        ({"Stage": "prod", "Memory": "true"}, True),
        ({"Stage": "local", "Memory": "true"}, False),
    ],
)
def test_there_is_a_long_memory_only_where_it_is_asked_for(parameters: dict[str, str], is_there: bool) -> None:
    main = Deployment(load(), parameters)
    assert ("LongMemory" in main.resources()) == is_there
    outputs = {name: main.chosen(load()["Outputs"][name]["Value"]) for name in ("MemoryWorkGroup", "MemoryDatabase")}
    assert ("none" not in outputs.values()) == is_there


def test_every_function_sends_its_lines_and_nothing_of_lambda() -> None:
    filters = resources("AWS::Logs::SubscriptionFilter", DOCUMENT).values()
    groups = {each["Properties"]["LogGroupName"]["Ref"] for each in filters}
    assert groups == {f"{name.capitalize()}Logs" for name in FUNCTIONS}
    assert {each["Properties"]["FilterPattern"] for each in filters} == {'{ $.level = "*" }'}


def test_tables_have_the_columns_and_folders_that_firehose_writes_and_days_without_a_crawler() -> None:
    for name, columns in TABLES.items():
        described = GLUE[name]["StorageDescriptor"]
        assert {each["Name"]: each["Type"] for each in described["Columns"]} == columns
        assert described["Location"] == {"Fn::Sub": f"s3://${{Bucket}}/{FOLDERS[name]}/"}
        assert GLUE[name]["Parameters"]["projection.day.type"] == "date"
    prefixes = {each["Prefix"] for each in STREAMS.values()}
    assert prefixes == {f"{folder}/day=!{{timestamp:yyyy-MM-dd}}/" for folder in FOLDERS.values()}


def test_a_view_is_what_its_file_says_with_a_type_for_each_column() -> None:
    for name in VIEWS:
        begin, encoded, end = GLUE[name]["ViewOriginalText"]["Fn::Join"][1]
        described = json.loads(encoded["Fn::Base64"]["Fn::Sub"])
        assert (begin, end) == ("/* Presto View: ", " */")
        assert described["originalSql"] == view(name).sql
        columns = GLUE[name]["StorageDescriptor"]["Columns"]
        assert [each["name"] for each in described["columns"]] == [each["Name"] for each in columns]


def test_the_ready_made_queries_are_saved() -> None:
    saved = [each["Properties"] for each in resources("AWS::Athena::NamedQuery", DOCUMENT).values()]
    assert {each["Name"]: each["QueryString"] for each in saved} == {each.name: each.sql for each in queries()}


# --- what people typed ------------------------------------------------------------------------------------------------
def test_the_function_of_the_pipe_is_the_file_and_runs_alone() -> None:
    code = properties("Facts")["Code"]["ZipFile"]
    assert len(code.encode()) < 4096  # what Lambda takes as text
    function: dict[str, Any] = {}
    exec(code, function)
    event = stream_event([item(WISH_ID, boarded(7, "the vault", name="Ada"))])["Records"]
    assert function["handler"](event, None) == facts.handler(event, None) != []


def test_the_pipe_hands_on_only_what_the_function_made_of_new_commits() -> None:
    pipe = properties("CommitsPipe")
    assert pipe["Enrichment"] == {"Fn::GetAtt": ["Facts", "Arn"]}
    assert json.loads(pipe["SourceParameters"]["FilterCriteria"]["Filters"][0]["Pattern"]) == {"eventName": ["INSERT"]}
    assert "IncludeExecutionData" not in pipe["LogConfiguration"]  # it would log what was typed


def test_a_batch_of_the_pipe_is_one_that_firehose_takes() -> None:
    rows = len(facts.rows(item(WISH_ID, boarded(7)))) + 1
    assert properties("CommitsPipe")["SourceParameters"]["DynamoDBStreamParameters"]["BatchSize"] * rows <= 500


def test_firehose_keeps_no_source_records_and_leaves_out_what_is_no_column() -> None:
    for each in STREAMS.values():
        assert each.get("S3BackupMode", "Disabled") == "Disabled"
        conversion = each["DataFormatConversionConfiguration"]
        assert conversion["Enabled"] is True
        table = conversion["SchemaConfiguration"]["TableName"]["Ref"]
        assert properties(table)["TableInput"]["Name"] in TABLES


# --- who may do what --------------------------------------------------------------------------------------------------
def test_nothing_is_allowed_on_everything() -> None:
    assert statements()
    assert not [each for each in statements() if each["Resource"] == "*" or "*" in str(each["Action"])]


def test_who_asks_reads_and_writes_only_answers() -> None:
    asks = properties("MayQuery")["PolicyDocument"]["Statement"]
    writes = [each["Resource"] for each in asks if "s3:PutObject" in each["Action"]]
    assert writes == [{"Fn::Sub": "${Bucket.Arn}/results/*"}]
    assert not [each for each in asks if "glue:" in str(each["Action"]) and "Create" in str(each["Action"])]


@pytest.mark.parametrize("name", ["PipeRole", "FirehoseRole", "SubscriptionsRole"])
def test_a_service_takes_its_role_only_for_this_account(name: str) -> None:
    [trust] = properties(name)["AssumeRolePolicyDocument"]["Statement"]
    assert "AWS::AccountId" in json.dumps(trust["Condition"])


def test_the_bucket_is_private_encrypted_and_stays() -> None:
    bucket = DOCUMENT["Resources"]["Bucket"]
    assert bucket["DeletionPolicy"] == "Retain"
    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    rules = {each["Id"]: each for each in bucket["Properties"]["LifecycleConfiguration"]["Rules"]}
    assert [each["StorageClass"] for each in rules["Cheaper"]["Transitions"]] == ["STANDARD_IA", "GLACIER_IR"]
    assert "ExpirationInDays" not in rules["Cheaper"]
    assert {rules["Results"]["Prefix"], rules["Errors"]["Prefix"]} == {"results/", "errors/"}


def test_a_query_is_bounded_and_nobody_can_lift_the_bound() -> None:
    group = properties("WorkGroup")["WorkGroupConfiguration"]
    assert group["EnforceWorkGroupConfiguration"] is True
    assert group["BytesScannedCutoffPerQuery"] == 10 * 2**30
