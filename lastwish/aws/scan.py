"""Read a whole DynamoDB table in parallel segments: for maintenance, never for a request."""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SEGMENTS = 4

type Item = dict[str, Any]


def scan(client: "DynamoDBClient", table: str, **arguments: Any) -> Iterator[list[Item]]:
    """Yield every page of a table, read consistently, one page ahead of the caller. Raises what boto3 raises."""
    paginator = client.get_paginator("scan")
    everything: Any = {"TableName": table, "ConsistentRead": True, "TotalSegments": SEGMENTS, **arguments}
    segments = [iter(paginator.paginate(**everything, Segment=number)) for number in range(SEGMENTS)]
    with ThreadPoolExecutor(SEGMENTS) as readers:
        reading = {readers.submit(next, segment, None): segment for segment in segments}
        while reading:
            for done in wait(reading, return_when=FIRST_COMPLETED).done:
                segment = reading.pop(done)
                if page := done.result():
                    reading[readers.submit(next, segment, None)] = segment
                    yield page["Items"]
