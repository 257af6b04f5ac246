"""Find the log groups of a stack's functions, and search them."""

from dataclasses import dataclass
from typing import Any

from lastwish.aws.clients import plain_errors
from lastwish.errors import AwsError
from lastwish.site import Site
from mission import log_search
from mission.log_lines import Line
from mission.log_search import Query

_SUFFIX = "Logs"


@dataclass(frozen=True)
class Source:
    """``groups`` are the functions' log groups, by service."""

    logs: Any
    groups: dict[str, str]


def source(site: Site) -> Source:
    """Return the log groups of a stack's functions. Raises AwsError."""
    ids = site.physical_ids()
    named = {name.removesuffix(_SUFFIX): group for name, group in ids.items() if name.endswith(_SUFFIX)}
    groups = {name.lower(): group for name, group in named.items() if f"{name}Function" in ids}
    if not groups:
        raise AwsError(f"stack {site.name} has no functions with a log group: is it a Last Wish stack?")
    return Source(site.client("logs"), groups)


def search(source: Source, query: Query) -> tuple[list[Line], bool]:
    """Return the lines in the order of time, and whether there were more. Raises AwsError."""
    with plain_errors():
        return log_search.search(source.logs, source.groups, query)
