"""Commands `dlq list`, `show`, `redrive`, `park`: dead letters."""

from typing import TYPE_CHECKING, Annotated

import typer

from lastwish.commands.answer import Answer
from lastwish.commands.options import Json, Stack
from lastwish.commands.progress import Progress
from lastwish.maintenance.letter_class import ADVICE, CANNOT_SUCCEED, MAY_SUCCEED, Class

if TYPE_CHECKING:
    from lastwish.maintenance.dlq_moves import Moved
    from lastwish.maintenance.stores import Stores
    from lastwish.site import ReadPromises

app = typer.Typer(name="dlq", no_args_is_help=True, help="Look at dead letters, send them back, or put them aside.")

Kinds = Annotated[list[Class] | None, typer.Option("--class", help="Only letters of this class; can be repeated.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="Message ids, as `dlq list` shows them.")]
Rate = Annotated[float, typer.Option(min=0.01, help="Letters a second, at most.")]
Settle = Annotated[float, typer.Option(min=0, help="Seconds that the chain may take before the audit.")]
_LONGEST_TEXT = 2000  # characters of a body
_ON_THEIR_WAY = {"in-flight", "uncertain", "letters-hidden"}  # kinds of differences
_ENDED = "interrupted: letters are shown again"


@app.command("list")
def list_(
    kind: Kinds = None,
    parked: Annotated[bool, typer.Option("--parked", help="List those that were parked too.")] = False,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """List the dead letters: what each one is, and since when. Changes nothing, and shows no text of a wish."""
    from lastwish.aws.clients import plain_errors
    from lastwish.maintenance.dead_letters import PARKED
    from lastwish.maintenance.dlq import examined

    with Answer(as_json) as answer, plain_errors(), examined(*_where(stack)) as letters:
        shown = [each for each in letters.found if not kind or each.kind in kind]
        set_aside = sum(each.letter.queue == PARKED for each in letters.found)
        waiting = sum(each.letter.queue != PARKED for each in shown)
        facts = [each.facts() for each in shown if parked or each.letter.queue != PARKED]
        counts = {"hidden": letters.hidden, "parked": set_aside}
        said = f"dead letters: {waiting} wait, {set_aside} parked{_besides(letters.hidden)}"
        answer.give({"letters": facts, **counts}, *map(_line, facts), said)


def _besides(hidden: int) -> str:
    return f"; {hidden} are hidden, since others read them: try again in a minute" if hidden else ""


def _line(facts: dict[str, object]) -> str:
    from lastwish.maintenance.dlq import printable

    words = [f"{facts['queue']:<12}", str(facts["message_id"]), f"{facts['class']:<9}", f"{facts['age_s']} s old"]
    words.append(f"received {facts['receives']}×")
    words += [f"{name} {facts[name]}" for name in ("wish_id", "trace_id", "reason", "parked") if facts[name]]
    return printable("  ".join(words))


@app.command()
def show(
    letter: Annotated[str, typer.Argument(metavar="ID", help="Message id, as `dlq list` shows it.")],
    text: Annotated[bool, typer.Option("--text", help="Show the body too: it may hold what a person typed.")] = False,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Show one dead letter and what to do with it; its body only with --text, with control characters as escapes."""
    from lastwish.aws.clients import plain_errors
    from lastwish.maintenance.dlq import examined, printable, summary

    with Answer(as_json) as answer, plain_errors(), examined(*_where(stack)) as letters:
        [found] = letters.choose([letter], ()).found
        facts = {**found.facts(), **summary(found.letter), "advice": ADVICE[found.kind]}
        if text:
            facts["body"] = found.letter.body[:_LONGEST_TEXT]
        answer.give(facts, *(printable(f"{name}: {_words(value)}") for name, value in facts.items()))


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str("–" if value is None else value)


@app.command()
def redrive(  # noqa: PLR0917 - typer reads them as options
    ids: Ids = None,
    kind: Kinds = None,
    rate: Rate = 20,
    settle: Settle = 10,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Send dead letters back to where they came from, then audit. Repeatable: the chain stores a wish once.

    Without an ID and without --class: those that may succeed now, which are `stored` and `transient`.
    """
    from lastwish.local import interrupts
    from lastwish.maintenance.dlq_moves import Choice
    from lastwish.maintenance.dlq_moves import redrive as redriving

    with Answer(as_json) as answer, interrupts.ending(_ENDED):
        where, choice = _where(stack), Choice(ids or [], kind or MAY_SUCCEED, rate)
        _report(answer, redriving(*where, choice, Progress(answer)), *where, settle)


@app.command()
def park(  # noqa: PLR0917 - typer reads them as options
    reason: Annotated[str, typer.Option(help="Why; everybody who lists parked letters reads it.")],
    ids: Ids = None,
    kind: Kinds = None,
    rate: Rate = 20,
    settle: Settle = 10,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Put dead letters aside for 14 days, out of the alarm, then audit. `dlq redrive ID` takes one back.

    Without an ID and without --class: those that cannot succeed, which are `hopeless`, `hostile` and `stranger`.
    """
    from lastwish.local import interrupts
    from lastwish.maintenance.dlq_moves import Choice
    from lastwish.maintenance.dlq_moves import park as parking

    with Answer(as_json) as answer, interrupts.ending(_ENDED):
        where, choice = _where(stack), Choice(ids or [], kind or CANNOT_SUCCEED, rate)
        _report(answer, parking(*where, choice, reason, Progress(answer)), *where, settle)


def _where(stack: str | None) -> "tuple[Stores, ReadPromises]":
    from lastwish.maintenance.stores import stores
    from lastwish.site import site

    here = site(stack)
    return stores(here), here.promises()


def _report(answer: Answer, moved: "Moved", there: "Stores", promises: "ReadPromises", settle: float) -> None:
    """Audit, say what was moved and what is left, and exit with 1 if anything is not as it should be."""
    from lastwish.aws.clients import plain_errors
    from lastwish.maintenance import audit as auditing
    from lastwish.maintenance.dlq import DEAD

    report = auditing.audit(there, promises, settle, answer.note)
    with plain_errors():
        left = there.waiting(*DEAD)  # what cannot succeed has come back by now
    facts = {**moved.facts(), "left": left, "audit_ok": report.ok}
    facts["differences"] = [each.facts() for each in report.differences]
    failed = [f"{each['queue']} {each['message_id']} could not be moved: {each['error']}" for each in moved.failed]
    audited = "all is well" if report.ok else f"{len(report.differences)} differences: `lastwish audit` names them"
    if not report.ok and {each.kind for each in report.differences} <= _ON_THEIR_WAY:
        audited = "wishes or letters are on their way; `lastwish audit` again in a moment"
    said = f"{len(moved.moved)} moved, {left} dead letters left{_besides(moved.hidden)}"
    answer.give(facts, *failed, said, f"audit: {audited}")
    if not (moved.ok and report.ok):
        raise typer.Exit(1)
