"""Mutants of src/domain that no test can catch, since nothing that anybody could see differs; and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Equivalent:
    """``before`` is the line as it is, ``after`` each line that says the same."""

    before: str
    after: tuple[str, ...]
    reason: str


EQUIVALENT = (
    Equivalent(
        'return [WishShown(by="operator", since=None)]',
        ('return [WishShown(by="operator", )]',),
        "None is the default.",
    ),
    Equivalent(
        "after = state_at(commits, len(commits))",
        ("after = state_at(commits, None)",),
        "A slice without an end goes to the end.",
    ),
    Equivalent(
        "faults = error.errors(include_input=False, include_url=False, include_context=False)",
        (
            "faults = error.errors(include_url=False, include_context=False)",
            "faults = error.errors(include_input=False, include_context=False)",
            "faults = error.errors(include_input=False, include_url=False, )",
            "faults = error.errors(include_input=True, include_url=False, include_context=False)",
            "faults = error.errors(include_input=False, include_url=True, include_context=False)",
            "faults = error.errors(include_input=False, include_url=False, include_context=True)",
        ),
        "Only place, type and words of a fault are read: what is left out here is a second guard of what was typed.",
    ),
    Equivalent(
        'names = {unicodedata.name(letter, "").partition(" ")[0] for letter in word}',
        ('names = {unicodedata.name(letter, "XXXX").partition(" ")[0] for letter in word}',),
        "Any name will do that is not an alphabet's.",
    ),
    Equivalent(
        'return character in "\\u3099\\u309a"  # without its two dots, ba is ha: another word',
        (
            'return character in "XX\\u3099\\u309aXX"  # without its two dots, ba is ha: another word',
            'return character in "\\u3099\\u309A"  # without its two dots, ba is ha: another word',
        ),
        "The marks are asked for to keep them: an X is kept anyway, and 309A is 309a.",
    ),
)
