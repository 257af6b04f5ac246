"""The lock of an environment: one object in its bucket that says who holds it, since when, and until when.

Each write names the version that it replaces, so of two who write at once one is refused. A holder that was killed
blocks others until its time is over. Who wants a running deploy to stop writes that into the object: its holder sees it
when it renews.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lastwish.shipping.deploying.bucket import Bucket
from lastwish.shipping.deploying.errors import DeployError, DeployLocked, DeployStopped

LEASE = 900.0  # seconds: as long as others wait for a holder that was killed, and as somebody may take to answer
_KEY = "lock.json"


@dataclass(frozen=True)
class Holder:
    """Who holds it, for what. Times are seconds since 1970, by the holder's clock; ``until`` 0 is nobody."""

    user: str
    what: str
    since: float
    until: float
    number: int = 0
    stop: str = ""  # who asked it to stop

    def words(self) -> str:
        """Return it as a person reads it."""
        return f"{self.user} holds it for a {self.what} since {_clock(self.since)}, until {_clock(self.until)} at most"

    def same(self, other: "Holder | None") -> bool:
        """Return whether another one is this one, at another time."""
        return other is not None and (other.user, other.since) == (self.user, self.since)

    def stopped(self, environment: str) -> DeployStopped:
        """Return the error of who was asked to stop."""
        return DeployStopped(f"{self.stop} asked it to stop: `lastwish deploy {environment}` goes on where it was")

    def facts(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


class Lock:
    """The lock, as one command sees it. `environment` is for its messages."""

    def __init__(self, bucket: Bucket, environment: str, now: Callable[[], float] = time.time) -> None:
        self._bucket, self._environment, self._now = bucket, environment, now
        self._mine: Holder | None = None
        self._tag: str | None = None
        self._one = threading.Lock()  # at a time: `kept` renews from a thread of its own

    def holder(self) -> Holder | None:
        """Return who holds it now; None: nobody."""
        found, _ = self._read()
        return found if found and found.until > self._now() else None

    def take(self, user: str, what: str, number: int) -> None:
        """Take it if nobody holds it. Raises DeployLocked, with who does."""
        found, tag = self._read()
        now = self._now()
        mine = Holder(user, what, now, now + LEASE, number)
        if found and found.until > now:
            raise self._locked(found)
        self._tag = self._bucket.put_if(_KEY, mine.facts(), tag)
        if self._tag is None:
            raise self._locked(self._read()[0])
        self._mine = mine

    def renew(self) -> None:
        """Keep it for another LEASE seconds. Raises DeployStopped where somebody asked for that, DeployLocked."""
        if self._mine is None:
            raise RuntimeError("renewed before it was taken")
        name = self._environment
        with self._one:
            mine = replace(self._mine, until=self._now() + LEASE)
            tag = self._bucket.put_if(_KEY, mine.facts(), self._tag)
            if tag is None:
                found, tag = self._read()
                if not found or not mine.same(found) or not found.until:
                    raise DeployLocked(f"{name} was taken over meanwhile: see `lastwish deploys {name}`")
                mine = found
            self._mine, self._tag = mine, tag
        if mine.stop:  # also where the thread of `kept` has read it first
            raise mine.stopped(name)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew it meanwhile. Whoever took it over, or asked to stop, is found out by the next `renew`."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(LEASE / 3):
                with suppress(DeployError, BotoCoreError, ClientError):
                    self.renew()

        thread = threading.Thread(target=renew, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def release(self) -> None:
        """Give it up, if it is still ours."""
        if self._mine:
            free = replace(self._mine, until=0.0)
            # A request to stop that came last has changed the tag: read it anew, once.
            if self._bucket.put_if(_KEY, free.facts(), self._tag) is None:
                found, tag = self._read()
                if self._mine.same(found):
                    self._bucket.put_if(_KEY, free.facts(), tag)
            self._mine = None

    def ask_to_stop(self, user: str) -> Holder | None:
        """Ask whoever holds it to stop. Return the holder; None: nobody holds it."""
        return self._change(lambda found: replace(found, stop=user))

    def take_away(self) -> Holder | None:
        """Take it from whoever holds it: one that lives will see it and end. Return who did; None: nobody."""
        return self._change(lambda found: replace(found, until=0.0))

    def _change(self, change: Callable[[Holder], Holder]) -> Holder | None:
        while True:  # the holder renews it at the same time
            found, tag = self._read()
            if not found or found.until <= self._now():
                return None
            if self._bucket.put_if(_KEY, change(found).facts(), tag):
                return found

    def _read(self) -> tuple[Holder | None, str | None]:
        there = self._bucket.get(_KEY)
        return (Holder(**there[0]), there[1]) if there else (None, None)

    def _locked(self, found: Holder | None) -> DeployLocked:
        who = found.words() if found else "somebody else took it at the same moment"
        facts = {"holder": found.facts()} if found else {}
        stop = f"`lastwish stop {self._environment}` (--force where its process is dead)"
        return DeployLocked(f"{self._environment} is locked: {who}; wait for it, or {stop}", **facts)
