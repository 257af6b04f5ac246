"""Print a command's answer: one JSON object on stdout with --json, else words; everything else goes to stderr."""

import json
import sys
from types import TracebackType
from typing import Self

from rich.console import Console

from lastwish.errors import CommandError


class Answer:
    """Context of one command: print its result, and turn a `CommandError` into one plain line and an exit code.

    >>> with Answer(as_json) as answer:
    ...     answer.give({"running": False}, "nothing was running")
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        # Long lines stay whole when they go to a file or another program.
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)

    def give(self, facts: dict[str, object], *lines: str) -> None:
        """Print `facts` as JSON, or else the lines. Flush, since `up` goes on after it."""
        print(json.dumps(facts) if self.as_json else "\n".join(lines), flush=True)

    def note(self, line: str) -> None:
        """Print a line for the person, beside the result."""
        self.console.print(line, markup=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if not isinstance(error, CommandError):
            return
        if self.as_json:
            facts = {"error": str(error), "next_step": error.next_step, **error.facts}
            print(json.dumps(facts), flush=True)
        self.note(f"lastwish: {error.words()}")
        sys.exit(error.exit_code)
