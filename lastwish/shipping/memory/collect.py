"""Collect on a laptop what AWS would send to the long memory: facts of the journal's commits, and lines of the logs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from domain.envelope import timestamp
from lastwish.aws.clients import plain_errors
from lastwish.local import journal
from lastwish.observe.logs import Source
from lastwish.shipping.memory import facts
from lastwish.shipping.memory.statements import TABLES

type Row = dict[str, Any]


def events(file: Path) -> Iterator[Row]:
    """Yield a row for each event of each commit in a journal. Its day is the one on which the commit was taken."""
    for entry in journal.read(file):
        if isinstance(entry, journal.Stored):
            for row in facts.rows(entry.item):
                yield row | {"day": timestamp(entry.time)[:10]}


def lines(source: Source) -> Iterator[Row]:
    """Yield the lines of all functions that memory.yaml's filters let through. Raises AwsError."""
    for group in source.groups.values():
        with plain_errors():
            for page in source.logs.get_paginator("filter_log_events").paginate(logGroupName=group):
                yield from filter(None, (line(event["message"]) for event in page["events"]))


def line(text: str) -> Row | None:
    """Return the columns of a line with a level, None for any other: Lambda's own words, and metrics."""
    try:
        said = json.loads(text)
        if isinstance(said["level"], str):
            return {name: said.get(name) for name in TABLES["log_records"]} | {"day": said["timestamp"][:10]}
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return None
