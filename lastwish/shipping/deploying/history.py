"""The history of an environment: one object per deploy, rollback and teardown, written after each step."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from lastwish.shipping.deploying.bucket import Bucket
from lastwish.shipping.deploying.errors import DeployError

_FOLDER = "history/"
_KEY = re.compile(_FOLDER + r"\d{6}\.json")
RUNNING, SUCCEEDED, FAILED, STOPPED, DECLINED, REFUSED, DIED = (
    "running", "succeeded", "failed", "stopped", "declined", "refused", "died"
)  # fmt: skip


@dataclass
class Record:
    """Who did what, when, and how it ended. Nothing secret: of the parameters only a digest.

    ``what`` is a digest of commit and parameters; ``template`` the packaged template's key in the bucket; ``steps``
    the state and words of each step. ``source`` is the number of the deploy whose template this is: its own, unless it
    is a rollback. ``continues`` is the number of one that did not succeed, whose steps are not done again. ``wishes``
    were sent to prove that it works.
    """

    number: int
    kind: str
    user: str
    commit: str = ""
    what: str = ""
    parameters: str = ""
    template: str = ""
    source: int = 0
    continues: int = 0
    started: str = ""
    ended: str = ""
    outcome: str = RUNNING
    words: str = ""
    steps: dict[str, dict[str, str]] = field(default_factory=dict)
    wishes: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)

    def line(self) -> str:
        """Return it as a person reads it."""
        return f"{self.number:>4}  {self.started}  {self.user}  {self.kind} {self.outcome}: {self.words}"

    def done(self, step: str) -> bool:
        """Return whether a step is done."""
        return self.steps.get(step, {}).get("state") == "done"


_RECORD = TypeAdapter(Record)


def now() -> str:
    """Return the time, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class History:
    """Records of one environment, oldest first."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def all(self, last: int = 0) -> list[Record]:
        """Return the last so many records; 0: all."""
        found = {key: self._bucket.get(key) for key in self._keys()[-last:]}
        return [_read(key, each[0]) for key, each in found.items() if each]

    def begin(self, kind: str, user: str, **facts: Any) -> Record:
        """Write a new record under the next free number, and return it."""
        number = int(([_FOLDER + "0", *self._keys()][-1]).removeprefix(_FOLDER).removesuffix(".json"))
        while True:
            number += 1
            record = Record(number, kind, user, started=now(), **facts)
            if self._bucket.put_if(_key(record), record.facts(), None):
                return record

    def _keys(self) -> list[str]:
        return [key for key in self._bucket.keys(_FOLDER) if _KEY.fullmatch(key)]

    def save(self, record: Record) -> None:
        """Write a record as it is now."""
        self._bucket.put(_key(record), record.facts())

    def end(self, record: Record, outcome: str, words: str) -> None:
        """Note how it ended."""
        record.outcome, record.words, record.ended = outcome, words, now()
        self.save(record)

    def bury(self, living: int = 0) -> None:
        """Note of those that seem to run, but for one, that they died: the caller has the lock, so none does."""
        for each in self.all():
            if each.outcome == RUNNING and each.number != living:
                self.end(each, DIED, "its process ended without a word")


def _read(key: str, found: dict[str, Any]) -> Record:
    """Return a record, without what a later version adds to it. Raises DeployError."""
    try:
        return _RECORD.validate_python(found)
    except ValidationError:
        raise DeployError(f"{key} in the bucket of deploys is no record of one: bring it back, or delete it") from None


def _key(record: Record) -> str:
    return f"{_FOLDER}{record.number:06}.json"


def alive(records: list[Record]) -> list[Record]:
    """Return the records since the last teardown that did its work: what was before it has no stack any more."""
    gone = [at for at, each in enumerate(records) if each.kind == "teardown" and each.outcome == SUCCEEDED]
    return records[gone[-1] + 1 :] if gone else records


def unfinished(records: list[Record], same: Callable[[Record], bool]) -> Record | None:
    """Return the latest attempt if it is of the same thing and did not succeed: its steps need not be done again."""
    tried = [each for each in alive(records) if each.outcome != REFUSED]
    return tried[-1] if tried and tried[-1].outcome != SUCCEEDED and same(tried[-1]) else None


def to_go_back_to(records: list[Record]) -> Record | None:
    """Return the last good deploy: before what is there now, or, after one that did not succeed, what was there before.

    A second rollback goes back one more.
    """
    tried = [each for each in alive(records) if each.kind != "teardown" and each.outcome not in (REFUSED, DECLINED)]
    good = [each for each in tried if each.outcome == SUCCEEDED]
    if not good:
        return None
    by_number = {each.number: each for each in tried}
    current, last = by_number.get(good[-1].source), tried[-1]
    if current is None:  # its record was deleted by hand
        return None
    if last.outcome != SUCCEEDED and "stack" in last.steps:  # else there is nothing to undo
        return by_number.get(last.source) if last.kind == "rollback" else current
    before = [each for each in good if each.kind == "deploy" and each.number < current.number]
    return next((each for each in reversed(before) if each.what != current.what), None)
