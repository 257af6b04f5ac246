"""The generated part of memory.yaml, and of docs/queries.md: the tables, views and queries of lastwish/shipping/memory.

Views are described to Athena as Glue has them: what Presto reads is JSON, in base64, in a comment.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from lastwish.observe.prices import (
    ATHENA_BYTE,
    ATHENA_LEAST_BYTES,
    FIREHOSE_BYTE,
    FIREHOSE_PARQUET_BYTE,
    PIPE_REQUEST,
    S3_BYTE,
    STREAM_READ,
)
from lastwish.shipping.memory import facts
from lastwish.shipping.memory.duck import Memory
from lastwish.shipping.memory.statements import FOLDERS, TABLES, VIEWS, Statement, queries, view
from observability.metrics import FUNCTIONS, function_id
from observability.tables import table

FIRST_DAY = "2026-01-01"  # the first partition that Athena looks for
_GLUE = {"VARCHAR": "string", "INTEGER": "int", "BIGINT": "bigint", "BOOLEAN": "boolean", "TIMESTAMP": "timestamp"}
_PRESTO = {"VARCHAR": "varchar", "INTEGER": "integer"}
# A show: four events of an ordinary wish; a line of the frontend, and three that ten wishes of a batch share.
_WISHES, _EVENTS, _LINES, _LINE_BYTES = 65_000, 4, 1.3, 500
_KEPT_BYTES = 400  # of Parquet for a wish, at most: 314 with ids made at random
_POLLS = 4 * 60 * 60 * 24 * 30  # of a pipe, in a month, for each shard of the stream
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"

type Resource = dict[str, Any]


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stay readable."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def resources() -> str:
    """Return the generated resources of memory.yaml, in YAML."""
    made = {"Facts": _facts(), **_tables(), **_views(), **_saved(), **_subscriptions()}
    text = yaml.dump(made, Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)
    return "".join(f"  {line}\n" if line else "\n" for line in text.splitlines()).rstrip("\n")


def _facts() -> Resource:
    return {
        "Type": "AWS::Lambda::Function",
        "Metadata": {"checkov": {"skip": [{"id": "CKV_AWS_50", "comment": "it is on no wish's way"}]}},
        "Properties": {
            "Description": "Facts of commits, without what people typed. It calls nothing.",
            "Runtime": "python3.13",
            "Architectures": ["arm64"],
            "Handler": "index.handler",
            "MemorySize": 128,
            "Timeout": 30,
            "Role": {"Fn::GetAtt": ["FactsRole", "Arn"]},
            "LoggingConfig": {"LogGroup": {"Ref": "FactsLogs"}},
            "Code": {"ZipFile": Path(str(facts.__file__)).read_text()},
        },
    }


def _tables() -> dict[str, Resource]:
    return {_id(name): _glue_table(name, **_files(name)) for name in TABLES}


def _files(name: str) -> dict[str, Any]:
    location = f"s3://${{Bucket}}/{FOLDERS[name]}/"
    return {
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": "day", "Type": "string"}],
        "Parameters": {key: _sub(value) for key, value in _projection(location).items()},
        "StorageDescriptor": {
            "Location": _sub(location),
            "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
            "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe"},
            "Columns": [{"Name": column, "Type": kind} for column, kind in TABLES[name].items()],
        },
    }


def _projection(location: str) -> dict[str, str]:
    """Return the properties by which Athena knows the days without a crawler: a partition is a folder."""
    return {
        "classification": "parquet",
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.format": "yyyy-MM-dd",
        "projection.day.range": f"{FIRST_DAY},NOW+1DAYS",
        "storage.location.template": f"{location}day=${{day}}/",
    }


def _views() -> dict[str, Resource]:
    with Memory() as memory:
        return {f"{_id(name)}View": _glue_table(name, **_view(name, memory.columns(name))) for name in VIEWS}


def _view(name: str, columns: dict[str, str]) -> dict[str, Any]:
    presto = [{"name": each, "type": _PRESTO.get(kind, kind.lower())} for each, kind in columns.items()]
    described = {"originalSql": view(name).sql, "catalog": "awsdatacatalog", "schema": "${Database}", "columns": presto}
    return {
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "ViewOriginalText": {
            "Fn::Join": ["", ["/* Presto View: ", {"Fn::Base64": {"Fn::Sub": json.dumps(described)}}, " */"]]
        },
        "ViewExpandedText": "/* Presto View */",
        "StorageDescriptor": {
            "SerdeInfo": {},
            "Columns": [{"Name": each, "Type": _GLUE[kind]} for each, kind in columns.items()],
        },
    }


def _glue_table(name: str, **described: Any) -> Resource:
    properties = {
        "CatalogId": {"Ref": "AWS::AccountId"},
        "DatabaseName": {"Ref": "Database"},
        "TableInput": {"Name": name, **described},
    }
    return {"Type": "AWS::Glue::Table", "Properties": properties}


def _saved() -> dict[str, Resource]:
    return {f"{_id(each.name)}Query": _named_query(each) for each in queries()}


def _named_query(query: Statement) -> Resource:
    properties = {
        "Name": query.name,
        "Description": query.title,
        "WorkGroup": {"Ref": "WorkGroup"},
        "Database": {"Ref": "Database"},
        "QueryString": query.sql,
    }
    return {"Type": "AWS::Athena::NamedQuery", "Properties": properties}


def _subscriptions() -> dict[str, Resource]:
    """Return a subscription for each function: its own lines have a level, Lambda's and metrics have none."""
    groups = [f"{function_id(each).removesuffix('Function')}Logs" for each in FUNCTIONS]
    return {f"{group}Subscription": _subscription(group) for group in groups}


def _subscription(group: str) -> Resource:
    properties = {
        "LogGroupName": {"Ref": group},
        "FilterPattern": '{ $.level = "*" }',
        "DestinationArn": {"Fn::GetAtt": ["LogsToParquet", "Arn"]},
        "RoleArn": {"Fn::GetAtt": ["SubscriptionsRole", "Arn"]},
    }
    return {"Type": "AWS::Logs::SubscriptionFilter", "Properties": properties}


def _sub(text: str) -> Any:
    """Return a text with the names of resources in it. `${day}` is Athena's, and SAM makes `${X}` of `${!X}`."""
    if "${" not in text:
        return text
    return {"Fn::Sub": [text, {"day": "${day}"}] if "${day}" in text else text}


def _id(name: str) -> str:
    return "".join(part.capitalize() for part in re.split("[-_]", name))


# --- docs/queries.md --------------------------------------------------------------------------------------------------
def views_and_columns() -> str:
    """Return the table of the views."""
    with Memory() as memory:
        rows = [
            (f"`{name}`", view(name).title, ", ".join(f"`{each}`" for each in memory.columns(name))) for name in VIEWS
        ]
    return table(("view", "is", "columns"), rows)


def ready_made() -> str:
    """Return the ready-made queries, with their text."""
    return "\n".join(_section(each) for each in queries())


def _section(query: Statement) -> str:
    call = " ".join(["lastwish query", query.name, *query.parameters])
    takes = "".join(f"`{name}` is {words}. " for name, words in query.parameters.items())
    return f"### {query.title}\n`{call}`. {takes}{query.about}\n\n```sql\n{query.sql}\n```\n"


def costs() -> str:
    """Return what a month with one show costs, at most."""
    rows, lines = _WISHES * _EVENTS * 5_000, _WISHES * _LINES * _LINE_BYTES
    items = [
        ("reads of the stream by the pipe, for each of its shards", f"{_POLLS:,}", _POLLS * STREAM_READ),
        ("commits through the pipe, if each came alone", f"{_WISHES:,}", _WISHES * PIPE_REQUEST),
        (
            "rows of events to Parquet, each as 5 KB",
            f"{rows / 1e9:.1f} GB",
            rows * (FIREHOSE_BYTE + FIREHOSE_PARQUET_BYTE),
        ),
        ("log lines to Parquet", f"{lines / 1e6:.0f} MB", lines * (FIREHOSE_BYTE + FIREHOSE_PARQUET_BYTE)),
        ("a month in S3, of each show", f"{_WISHES * _KEPT_BYTES / 1e6:.0f} MB", _WISHES * _KEPT_BYTES * S3_BYTE),
        ("a hundred questions to Athena, each the least that counts", "100", 100 * ATHENA_LEAST_BYTES * ATHENA_BYTE),
    ]
    return table(("what", "how much", "dollars"), [(*each, f"{dollars:.4f}") for *each, dollars in items], numbers=2)


def ddl() -> str:
    """Return what makes the same tables and views without CloudFormation, in Athena's words."""
    statements = [*map(_create_table, TABLES), *map(_create_view, VIEWS)]
    return "```sql\n" + "\n\n".join(f"{each};" for each in statements) + "\n```\n"


def _create_table(name: str) -> str:
    location = f"s3://BUCKET/{FOLDERS[name]}/"
    columns = ",\n".join(f"  `{column}` {kind}" for column, kind in TABLES[name].items())
    properties = ",\n".join(f"  '{key}' = '{value}'" for key, value in _projection(location).items())
    return (
        f"CREATE EXTERNAL TABLE {name} (\n{columns}\n)\nPARTITIONED BY (day string)\nSTORED AS PARQUET\n"
        f"LOCATION '{location}'\nTBLPROPERTIES (\n{properties}\n)"
    )


def _create_view(name: str) -> str:
    return f"CREATE OR REPLACE VIEW {name} AS\n{view(name).sql}"


def statements() -> Iterator[str]:
    """Yield all that Athena must understand: DDL of tables and views, then queries."""
    yield from map(_create_table, TABLES)
    yield from map(_create_view, VIEWS)
    yield from (each.sql for each in queries())
