"""Assemble the commands that an operator types: `lastwish …`."""

import logging
import sys
from typing import Annotated

import typer

from lastwish import errors
from lastwish.commands import (
    chat,
    cost,
    deploy,
    dlq,
    drill,
    faults,
    import_,
    load,
    maintenance,
    observe,
    operators,
    preflight,
    prometheus,
    query,
    show,
    simulate,
    stack,
    submit,
)
from lastwish.commands.answer import Answer

app = typer.Typer(
    name="lastwish",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for commands in (
    stack,
    maintenance,
    dlq,
    observe,
    cost,
    load,
    operators,
    submit,
    preflight,
    faults,
    drill,
    show,
    simulate,
    query,
    import_,
    prometheus,
    deploy,
    chat,
):
    app.add_typer(commands.app)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("lastwish"))
        raise typer.Exit


@app.callback()
def _lastwish(
    _show: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Last Wish: an event-sourced message pipeline, on this laptop or on AWS."""


def main() -> None:
    """Run the console script."""
    # The client's retries are expected in a crowd; their log lines would look like failures.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    if "--json" not in sys.argv:
        app()
    with Answer(as_json=True):
        try:
            sys.exit(app(standalone_mode=False))
        except typer.TyperException as error:  # typer would print it for a person only
            command = getattr(getattr(error, "ctx", None), "command_path", "lastwish")
            raise errors.UsageError(error.format_message(), next_step=f"`{command} --help` says more") from None
        except typer.Abort:
            raise errors.Interrupted("ended without an answer to its question") from None
