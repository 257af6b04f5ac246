"""Audit: compare the promises with the stores, and the stores with each other.

    distinct wish ids answered 202  =  stored + in flight + dead-lettered + parked

The promises come from a record that the chain does not write: the proxy's ledger, or API Gateway's access log. It is
read first, the queues next and the store last, in the direction in which wishes travel: one that moves meanwhile is
found at least once. Wishes in flight are no loss and no proof either: the audit says ok when there are none.

Which wishes are in the work queues is known here, since the engine shows its messages. SQS shows a message only to who
receives it, and each receive brings a message nearer to the dead letters: on AWS these messages are only counted, and a
wish that is nowhere else counts as in flight as long as they are as many.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lastwish.aws.clients import plain_errors
from lastwish.maintenance import dead_letters
from lastwish.maintenance.checks import differences
from lastwish.maintenance.dead_letters import PARKED, QUEUES, Letter, is_wish_id, subjects
from lastwish.maintenance.difference import Difference
from lastwish.maintenance.reading import read
from lastwish.maintenance.stores import Stores
from lastwish.promises import Promises

_PAUSE = 0.5
_WORK = ("Inbox", "Pods")  # a wish leaves the first only after it has reached the second


@dataclass(frozen=True)
class Report:
    """Counts of wishes, and the differences.

    ``imported`` wishes need no promise. ``unpromised`` ones are there without a recorded 202; ``unknown_ends`` requests
    may each explain one of them.
    """

    accepted: int
    stored: int
    in_flight: int
    dead_lettered: int
    unpromised: int
    unknown_ends: int
    dead_letters: int
    parked: int = 0
    imported: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True when nothing differs."""
        return not self.differences

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return {
            "ok": self.ok,
            "accepted": self.accepted,
            "stored": self.stored,
            "in_flight": self.in_flight,
            "dead_lettered": self.dead_lettered,
            "parked": self.parked,
            "imported": self.imported,
            "unpromised": self.unpromised,
            "unknown_ends": self.unknown_ends,
            "dead_letters": self.dead_letters,
            "differences": [each.facts() for each in self.differences],
        }


def audit(
    stores: Stores, promises: Callable[[], Promises], settle: float, note: Callable[[str], None] = lambda _: None
) -> Report:
    """Repeat the audit until all is well, or until the chain had ``settle`` seconds to come to rest.

    ``promises`` reads anew which wishes were answered 202. Raises AwsError.
    """
    deadline = time.monotonic() + settle
    with plain_errors():
        while True:
            while stores.waiting(*_WORK) and time.monotonic() < deadline:
                time.sleep(_PAUSE)
            report = audit_once(stores, promises)
            if report.ok or time.monotonic() >= deadline:
                return report
            note(f"{len(report.differences)} differences, {report.in_flight} in flight: reading again")
            time.sleep(_PAUSE)


def audit_once(stores: Stores, promises: Callable[[], Promises]) -> Report:
    """Read everything once and report."""
    promised = promises()
    accepted = set(promised.wish_ids)
    waiting, travelling = stores.waiting(*_WORK), _travelling(stores)
    with dead_letters.held(stores) as letters:
        hidden = dead_letters.hidden(stores, letters, QUEUES)
        hidden_parked = dead_letters.hidden(stores, letters, (PARKED,))
    there, wrong = read(stores, letters)
    stored = there.stored.keys() | there.unreadable
    dead, parked = _named(letters, QUEUES), _named(letters, (PARKED,))
    hidden_all = hidden + hidden_parked
    lost = [*_lost(accepted - stored - dead - parked, waiting, travelling, hidden_all)]
    imported = {wish_id for wish_id, one in there.stored.items() if one.is_imported}
    unpromised = {wish_id for wish_id, one in there.stored.items() if promised.cover(one.submitted_at)}
    unpromised -= accepted | imported
    if promised.cover(None):  # when a letter's wish was sent is not known
        unpromised |= {name for name in dead - stored - accepted if is_wish_id(name)}
    if len(unpromised) > promised.unknown_ends:  # wishes keep coming: what was sent since then is in the record by now
        promised = promises()
        unpromised -= set(promised.wish_ids)
    return Report(
        accepted=len(accepted),
        stored=len(accepted & stored),
        in_flight=sum(each.kind == "in-flight" for each in lost),
        dead_lettered=len(accepted & dead - stored),
        unpromised=len(unpromised),
        unknown_ends=promised.unknown_ends,
        dead_letters=sum(letter.queue in QUEUES for letter in letters) + hidden,
        parked=len(accepted & parked - stored - dead),
        imported=len(imported),
        differences=[*_unproven(promised, unpromised), *lost, *_hidden(hidden_all), *wrong, *differences(there)],
    )


def _named(letters: list[Letter], queues: tuple[str, ...]) -> frozenset[str]:
    """Return the wishes that the letters of these queues are about."""
    return frozenset[str]().union(*(letter.wish_ids for letter in letters if letter.queue in queues))


def _travelling(stores: Stores) -> frozenset[str] | None:
    """Return the wishes in the work queues; None where nobody can look into them."""
    if stores.peek is None:
        return None
    bodies = [body for queue in _WORK for body in stores.peek(stores.queue(queue))]
    return frozenset[str]().union(*map(subjects, bodies))


def _lost(lost: set[str], waiting: int, travelling: frozenset[str] | None, hidden: int) -> Iterator[Difference]:
    """Yield what is known of the wishes that are neither stored nor dead-lettered."""
    if travelling is None:
        travelling = frozenset(lost if len(lost) <= waiting else ())
        hidden += waiting
    unseen = lost - travelling
    for wish_id in sorted(lost):
        if wish_id in travelling:
            yield Difference("in-flight", wish_id, f"answered 202, not stored yet; {waiting} messages are in flight")
        elif len(unseen) <= hidden:
            yield Difference("uncertain", wish_id, "answered 202 and not found, but not every dead letter was read")
        else:
            detail = f"answered 202 and nowhere to be found; {waiting} messages are in flight"
            yield Difference("missing", wish_id, detail)


def _hidden(count: int) -> Iterator[Difference]:
    if count:
        yield Difference("letters-hidden", None, f"not certain: {count} dead letters are hidden, others read them")


def _unproven(promised: Promises, unpromised: set[str]) -> Iterator[Difference]:
    """Yield what the record of promises does not explain, and where it is damaged."""
    for place in promised.unreadable:
        yield Difference("record-unreadable", None, f"{place} is no line of a record")
    if len(unpromised) > promised.unknown_ends:
        detail = f"one of {len(unpromised)} that no record promises; {promised.unknown_ends} requests have no known end"
        for wish_id in sorted(unpromised):
            yield Difference("unpromised", wish_id, detail)
