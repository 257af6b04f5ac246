"""Show how far a long command is."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from lastwish.commands.answer import Answer


class Progress:
    """Progress bars with rate and time left, on stderr."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def note(self, words: str) -> None:
        """Report the current step."""
        self._answer.note(words)

    def scanning(self, about: int) -> AbstractContextManager[Callable[[int], None]]:
        """Show a bar for commits, and return a function that advances it. ``about`` is a guess at all of them."""
        return self._bar("commits", about)

    def moving(self, count: int) -> AbstractContextManager[Callable[[int], None]]:
        """Show a bar for letters, and return a function that advances it."""
        return self._bar("letters", count)

    @contextmanager
    def _bar(self, what: str, about: int) -> Iterator[Callable[[int], None]]:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn(what),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}/s"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._answer.console) as progress:
            task = progress.add_task("", total=about or None, rate="?")

            def advance(more: int) -> None:
                now = progress.tasks[0]
                done = now.completed + more
                rate = f"{done / now.elapsed:.0f}" if now.elapsed else "?"
                # More commits than wishes: the guess was too low.
                progress.update(task, completed=done, total=max(done, now.total or 0) or None, rate=rate)

            yield advance
