"""Options and arguments that several commands share."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastwish.errors import UsageError

if TYPE_CHECKING:
    from lastwish.site import ReadPromises, Site

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, all else on stderr.")]
Stack = Annotated[str | None, typer.Option("--stack", help="Stack on AWS, reached with ordinary credentials.")]
Ledger = Annotated[Path | None, typer.Option(help="Record of the wishes answered 202, a JSON object per line.")]
WishId = Annotated[str, typer.Argument(metavar="WISH_ID", help="Id from the answer 202.")]


def as_wish_id(text: str) -> str:
    """Check a wish id as it was typed. Raises UsageError."""
    from domain.envelope import canonical

    try:
        return canonical(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a wish id: a UUID in lower case, with dashes") from None


def promises_of(here: "Site", ledger: Path | None) -> "ReadPromises":
    """Return a reader of the promises: from a file, or from the stack's own record. Raises UsageError."""
    from lastwish.local.proxy.ledger import read

    if ledger and not ledger.is_file():
        raise UsageError(f"there is no ledger at {ledger}")
    return partial(read, ledger) if ledger else here.promises()
