"""One mutant: an exact replacement in one file."""

from dataclasses import dataclass


class NotApplicable(Exception):  # noqa: N818 - named as what it is
    """A mutant does not fit the code any more."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """``before`` stands in ``file`` exactly once and is replaced by ``after``.

    ``breaks`` says what goes wrong then, for readers; ``test`` is the node id of the test that must fail.
    """

    name: str
    file: str
    before: str
    after: str
    breaks: str
    test: str

    def applied(self, text: str) -> str:
        """Return the text of the file with the mutant in it. Raises NotApplicable."""
        found = text.count(self.before)
        if found != 1 or self.after == self.before:
            raise NotApplicable(f"{self.file} has {found} times what {self.name} replaces: {self.before!r}")
        return text.replace(self.before, self.after)
