"""Options that several commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, all else on stderr.")]
Stack = Annotated[str | None, typer.Option("--stack", help="A stack on AWS, found with ordinary credentials.")]
