"""What a person does with import files, and what an import costs on AWS: on paper, from the commits of a run."""

from collections.abc import Mapping
from typing import Any

from domain.events import DESTINATIONS
from lastwish.local.state import ROOT
from lastwish.local.template import parse
from lastwish.observe import prices
from lastwish.observe.bill import ROW_UNITS, SLICE_UNITS
from lastwish.shipping.importing.work import State, Work

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html, "Throughput default quotas"
_UNITS_OF_A_TABLE = 40_000
_ROWS_OF_A_SLICE = 96  # infra.read_model.sliced: 100 writes, four of them counters
ROWS_OF_A_LEASE = 100  # as many as one request can look for


def item_size(item: Mapping[str, Any]) -> int:
    """Return the bytes that DynamoDB counts for an item.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    match value:
        case {"S": text}:
            return len(text.encode())
        case {"N": number}:
            return (len(number) + 1) // 2 + 1
        case {"L": values}:
            return 3 + sum(1 + _value_size(each) for each in values)
        case {"M": items}:
            return 3 + item_size(items) + len(items)
    return 1


def write_units(size: int) -> int:
    """Return the write units of a put of this many bytes."""
    return -(-size // 1024)


def paper(state: State, wishes: int) -> dict[str, Any]:
    """Return what as many wishes like those of a run cost and take, by each way: DynamoDB's dollars, and hours.

    A run through the store knows its own rate, a run into files has the sizes. What was not measured is None.
    """
    if not state.fits or not state.units:
        return {}
    share = wishes / state.fits
    commits = state.units * share
    model = wishes * (ROW_UNITS + SLICE_UNITS / _ROWS_OF_A_SLICE)
    size = state.file_bytes * share
    looked = wishes * prices.READ_UNIT  # for each wish: is it stored?
    scanned = size / 4096 * prices.READ_UNIT
    return {
        "wishes": wishes,
        "commit_write_units": round(commits),
        "read_model_write_units": round(model),
        "import_gb": round(size / 2**30, 1),
        "store_dollars": round((commits + wishes / ROWS_OF_A_LEASE) * prices.WRITE_UNIT + looked, 6),
        "files_dollars": round(size * prices.IMPORT_BYTE, 6),
        "read_model_dollars": round(model * prices.WRITE_UNIT + scanned, 6),
        "store_hours_at_quota": round(commits / _UNITS_OF_A_TABLE / 3600, 1),
        "read_model_hours_at_quota": round(model / _UNITS_OF_A_TABLE / 3600, 1),
        "hours_to_write_files": round(state.seconds * share / 3600, 1),
    }


def capacity() -> tuple[int, int]:
    """Return the seats that the template gives to the ships, to Mars and to Jupiter."""
    parameters: Any = parse((ROOT / "template.yaml").read_text())["Parameters"]
    return int(parameters["MarsSeats"]["Default"]), int(parameters["JupiterSeats"]["Default"])


def write_handover(work: Work, origin: str, typed: str) -> list[str]:
    """Write ``seats.json``, the seats that are gone. Return the commands that make the files a new stack's EventStore.

    No prefix in the bucket begins with another's, so that batches of one source do not mix. ``typed`` are the source
    and the options.
    The format is DynamoDB's: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html
    """
    marks = {to: {"N": str(work.state.outcomes.get(f"{to}_boarded", 0))} for to in DESTINATIONS}
    work.write("seats.json", {"id": {"S": "marks"}} | marks)
    seats = f"--item file://{work.folder}/seats.json --condition-expression 'attribute_not_exists(id)'"
    prefix = origin.removeprefix("import:").replace(":", "_")
    return [
        f"aws s3 cp --recursive {work.folder}/parts s3://BUCKET/{prefix}/",
        f"sam deploy --stack-name NAME --parameter-overrides Stage=prod ImportBucket=BUCKET ImportPrefix={prefix}/",
        f"aws dynamodb list-imports  # describe-import must count {work.state.fits} imported items and no error",
        f"aws dynamodb put-item --table-name SEATS {seats}  # SEATS: the stack's output SeatsName",
        ".venv/bin/lastwish rebuild --flip --stack NAME",
        f".venv/bin/lastwish import {typed} --to files --check --stack NAME",
    ]
