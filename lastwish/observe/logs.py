"""Find the log groups of a stack's functions, and search them."""

from dataclasses import dataclass
from typing import Any

from lastwish.aws.clients import log_groups, plain_errors
from lastwish.site import Site
from mission import log_search
from mission.log_lines import Line
from mission.log_search import Query


@dataclass(frozen=True)
class Source:
    """``groups`` are the functions' log groups, by service."""

    logs: Any
    groups: dict[str, str]


def source(site: Site) -> Source:
    """Return the log groups of a stack's functions. Raises AwsError."""
    return Source(site.client("logs"), log_groups(site.physical_ids()))


def search(source: Source, query: Query) -> tuple[list[Line], bool]:
    """Return the lines in the order of time, and whether there were more. Raises AwsError."""
    with plain_errors():
        return log_search.search(source.logs, source.groups, query)
