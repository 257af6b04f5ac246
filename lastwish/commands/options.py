"""Options and arguments that several commands share."""

from typing import Annotated

import typer

from lastwish.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, all else on stderr.")]
Stack = Annotated[str | None, typer.Option("--stack", help="Stack on AWS, reached with ordinary credentials.")]
WishId = Annotated[str, typer.Argument(metavar="WISH_ID", help="Id from the answer 202.")]


def drill_names() -> list[str]:
    """Return the names of all drills. The shell asks as a person types: it imports nothing of what drills do."""
    from lastwish.drills.names import NAMES

    return list(NAMES)


def as_wish_id(text: str) -> str:
    """Check a wish id as it was typed. Raises UsageError."""
    from domain.envelope import canonical

    try:
        return canonical(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a wish id: a UUID in lower case, with dashes") from None
