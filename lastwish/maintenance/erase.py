"""Erase one wish, as the console does, with the patience of a command."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from infra.dead_letters import DeadLetters
from infra.erasure import Places, TextLeft
from infra.erasure import erase as erase_everywhere
from lastwish.aws.clients import plain_errors
from lastwish.errors import NoSuchWish, NotYet
from lastwish.maintenance.dead_letters import WITH_TEXT
from lastwish.maintenance.stores import Stores


@dataclass(frozen=True)
class Erased:
    """Counts of what was changed and removed. ``ok`` after everything was read again and no text was left."""

    wish_id: str
    commits_scrubbed: int
    dead_letters_removed: int
    ok: bool = True

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return asdict(self)


def erase(stores: Stores, wish_id: str, patience: float, note: Callable[[str], None] = lambda _: None) -> Erased:
    """Erase one wish; the projection may take ``patience`` seconds. Repeatable.

    Raises NoSuchWish, NotYet when text may be left, AwsError.
    """
    queues = [DeadLetters(stores.sqs, stores.queue(name)) for name in WITH_TEXT]
    note("erasing, then reading everything again")
    with plain_errors():
        try:
            done = erase_everywhere(Places(stores.events, stores.read_model, queues), wish_id, patience)
        except TextLeft as error:
            raise NotYet(f"{error}: run it again", ok=False, left=error.left) from None
    if done is None:
        raise NoSuchWish(f"wish {wish_id} is neither stored nor dead-lettered (it may be on its way)", ok=False)
    return Erased(wish_id, done["commits"], done["letters"])
