"""Classes of dead letters, and what to do with each. Imports nothing heavy: every command line reads it."""

from enum import StrEnum


class Class(StrEnum):
    """What kind of dead letter it is."""

    STORED = "stored"
    """Its wish is stored already. Of ProjectorDlq: a batch of commits that the read model may miss."""
    TRANSIENT = "transient"
    """It failed five times, for a reason that may be over."""
    HOPELESS = "hopeless"
    """Our code dead-lettered it at once, with a reason."""
    HOSTILE = "hostile"
    """It holds what could begin or end a tag, which nothing of ours has."""
    STRANGER = "stranger"
    """It is about no wish that anybody was promised."""


MAY_SUCCEED = (Class.STORED, Class.TRANSIENT)
CANNOT_SUCCEED = (Class.HOPELESS, Class.HOSTILE, Class.STRANGER)
ADVICE = {
    Class.STORED: "redrive it: the same again changes nothing, and the letter is gone",
    Class.TRANSIENT: "redrive it once the cause is repaired",
    Class.HOPELESS: "if this code should read it: repair the code, deploy, redrive it by its id; else park it",
    Class.HOSTILE: "park it, and find out who can send to the queue: nothing of ours has a tag in it",
    Class.STRANGER: "park it, and find out who sends to the queue: nobody was promised this",
}
