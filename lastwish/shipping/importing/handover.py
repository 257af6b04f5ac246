"""What a person does with import files: the commands, and the two small files that they need beside them."""

import json
from typing import Any

from domain.events import Destination
from lastwish.local.state import ROOT
from lastwish.local.template import parse, resources
from lastwish.shipping.importing.work import Work

_OF_A_NEW_TABLE = ("AttributeDefinitions", "KeySchema", "BillingMode", "SSESpecification")


def capacity() -> dict[Destination, int]:
    """Return the seats that the template gives to a ship."""
    parameters: Any = parse((ROOT / "template.yaml").read_text())["Parameters"]
    return {"mars": int(parameters["MarsSeats"]["Default"]), "jupiter": int(parameters["JupiterSeats"]["Default"])}


def write_handover(work: Work, source: str) -> list[str]:
    """Write ``table.json``, how to make the new table, and ``seats.json``, the seats that are gone. Return commands.

    The format is DynamoDB's: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html
    """
    table = f"lastwish-{source.replace('.', '-')}-EventStore"
    wanted: Any = resources(ROOT / "template.yaml")["EventStore"]["Properties"]
    made = {"TableName": table} | {name: wanted[name] for name in _OF_A_NEW_TABLE}
    (work.folder / "table.json").write_text(json.dumps(made, indent=2) + "\n")
    marks = {to: {"N": str(work.state.outcomes.get(f"{to}_boarded", 0))} for to in ("mars", "jupiter")}
    (work.folder / "seats.json").write_text(json.dumps({"id": {"S": "marks"}} | marks) + "\n")
    bucket = f"S3Bucket=BUCKET,S3KeyPrefix={source}/"
    formats = "--input-format DYNAMODB_JSON --input-compression-type GZIP"
    creation = f"--table-creation-parameters file://{work.folder / 'table.json'}"
    stream = "--stream-specification StreamEnabled=true,StreamViewType=NEW_IMAGE"
    backups = "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
    once = "--condition-expression 'attribute_not_exists(id)'"
    return [
        f"aws s3 cp --recursive {work.folder / 'parts'} s3://BUCKET/{source}/",
        f"aws dynamodb import-table --s3-bucket-source {bucket} {formats} {creation}",
        f"aws dynamodb list-imports  # until COMPLETED; describe-import must count {work.state.fits} imported items",
        f"aws dynamodb update-table --table-name {table} {stream}",
        f"aws dynamodb update-continuous-backups --table-name {table} {backups}",
        f'# make {table} the EventStore of a new stack: docs/migration.md, "A new table"',
        f"aws dynamodb put-item --table-name SEATS --item file://{work.folder / 'seats.json'} {once}",
        "lastwish rebuild --flip --stack NAME",
        "lastwish import SOURCE --mapping FILE --to files --check --stack NAME",
    ]
