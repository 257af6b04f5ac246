"""Options and arguments that several commands share."""

from typing import Annotated

import typer

from lastwish.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, all else on stderr.")]
Stack = Annotated[str | None, typer.Option("--stack", help="A stack on AWS, found with ordinary credentials.")]
WishId = Annotated[str, typer.Argument(metavar="WISH_ID", help="The id that the answer 202 gave.")]


def as_wish_id(text: str) -> str:
    """The id of a wish, as it was typed. Raises UsageError."""
    from domain.envelope import canonical

    try:
        return canonical(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a wish id: a UUID in lower case, with dashes") from None
