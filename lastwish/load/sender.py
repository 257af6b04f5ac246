"""The sender: Locust users that send a plan, in a process of their own. Importing this module patches the world.

`python -m lastwish.load.sender PLAN RESULTS URL` writes a JSON object per line:

    {"zero": 1794…, "ui": null}          the run begins, in seconds of the epoch; the URL of Locust's pages
    {"n": 0, "kind": "ordinary", …}      a wish that is finished: the fields of run.Result
    {"ended": 12.8, "cpu": 1.93}         the end, and the CPU seconds that it took since zero

SIGINT and SIGTERM stop the sending: what is in flight gets up to GRACE seconds. It also stops when its parent is gone.
"""

import lastwish.load.patched  # noqa: F401 # isort: skip - before whatever uses sockets

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

import gevent
import gevent.ssl
import locust
import typer
from locust.env import Environment
from locust.exception import StopUser

from lastwish.load.agenda import Agenda, Underway
from lastwish.load.plan import EXPECTED, Planned, planned
from lastwish.load.run import Result

GRACE = 10.0
TIMEOUT = 10.0  # of one try, as in the form's script
IDLE = 2.0  # seconds after which a connection is not used again; our proxy closes it after five


class Phone(locust.FastHttpUser):
    """One request in flight: takes what is due, sends it, and says how it went."""

    network_timeout = connection_timeout = TIMEOUT
    concurrency = 1
    insecure = False
    ssl_context_factory = staticmethod(cache(gevent.ssl.create_default_context))

    agenda: ClassVar[Agenda]
    book: ClassVar["Book"]
    give_up: ClassVar[float]

    _last = 0.0  # answer, in seconds since the run began

    @locust.task
    def send(self) -> None:
        """Until there is nothing more to send."""
        while (wish := self.agenda.take()) is not None:
            try:
                asked = self._try(wish)
            except Exception:
                wish.status, wish.error = 0, "failure"
                self._finish(wish)
                raise  # Locust logs it, and begins this task anew
            if asked is None:
                self._finish(wish)
                continue
            pause = wish.pause(asked)
            if self.agenda.now() + pause > wish.sent + self.give_up:
                self._finish(wish)
                continue
            wish.again_for.append(str(wish.status) if wish.status else wish.error or "no answer")
            self.agenda.again(wish, pause)
        raise StopUser

    def _try(self, wish: Underway) -> float | None:
        """One request. Seconds that the answer asks to wait where another try may help, else None."""
        request = wish.planned
        headers = {"Content-Type": request.content_type, "Accept": "application/json", "Idempotency-Key": request.key}
        if self.agenda.now() - self._last > IDLE:
            self.client.client.close()  # the server may have done the same, and then the wish would find it so
        # Not entered as a context, so Locust counts nothing by itself: a wish counts once, when it is done.
        http: Any = self.client
        answer = http.post("wishes", data=request.body, headers=headers, catch_response=True, allow_redirects=False)
        self._last = self.agenda.now()
        wish.status, wish.error = answer.status_code, None
        if wish.first_done is None:
            wish.first_done = self.agenda.now()
        if not wish.status:
            cause = getattr(answer.error, "original", answer.error)
            wish.error = "timeout" if isinstance(cause, TimeoutError) else "connection"
            return 0
        wish.wish_id = _wish_id(answer.content) if wish.status == 202 else None
        if wish.status == 429 or wish.status >= 500:
            asked = (answer.headers or {}).get("retry-after", "")
            return float(asked) if asked.isdecimal() else 0
        if wish.status < 400 and not wish.wish_id:
            wish.status, wish.error = 0, "no wish"  # a captive portal is no answer
            return 0
        return None

    def _finish(self, wish: Underway) -> None:
        result = self.book.write(wish, self.agenda.now())
        self.agenda.done(wish)
        odd = result.status not in EXPECTED[result.kind]
        self.environment.events.request.fire(
            request_type="POST",
            name=f"/wishes {result.kind}",
            response_time=1000 * (result.done - result.at),
            response_length=0,
            exception=RuntimeError(result.error or f"answered {result.status}") if odd else None,
            context={},
        )


class Book:
    """The file of results. Each line is there as soon as it is written, whole."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def write(self, wish: Underway, done: float) -> Result:
        """One more is finished."""
        request = wish.planned
        result = Result(
            n=request.number,
            kind=request.kind,
            at=request.at,
            sent=round(wish.sent, 6),
            done=round(done, 6),
            status=wish.status,
            tries=wish.tries,
            wish_id=wish.wish_id,
            error=wish.error,
            first_done=None if wish.first_done is None else round(wish.first_done, 6),
            again_for=wish.again_for,
        )
        self.line(**asdict(result))
        return result

    def line(self, **values: object) -> None:
        """Any line."""
        self._file.write(json.dumps(values, separators=(",", ":")).encode() + b"\n")


def _wish_id(content: bytes | None) -> str | None:
    try:
        found = json.loads(content or b"")["wish_id"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None


def read(plan: Path) -> Iterator[Planned]:
    """The requests of a plan, one at a time: a plan may be long."""
    with plan.open("rb") as lines:
        yield from map(planned, lines)


def run(agenda: Agenda, book: Book, environment: Any, users: int, ui: int | None) -> None:
    """Send all, and return when it is over or was stopped."""
    runner = environment.create_local_runner()
    del sys.argv[1:]  # Locust's pages would parse them as its own
    pages = environment.create_web_ui("127.0.0.1", ui) if ui else None
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, agenda.close)
    # A press on Stop in Locust's pages.
    environment.events.test_stopping.add_listener(lambda **_: agenda.close())
    runner.start(users, spawn_rate=users)
    runner.spawning_greenlet.join()
    parent = os.getppid()
    agenda.begin()
    book.line(zero=time.time(), ui=f"http://127.0.0.1:{ui}/" if ui else None)
    cpu = time.process_time()
    while not agenda.over.wait(0.5) and not agenda.closed:
        if os.getppid() != parent:
            agenda.close()
    agenda.over.wait(GRACE)
    for wish in agenda.left():  # in flight for too long, or in a pause before its next try
        wish.error = "interrupted"
        book.write(wish, agenda.now())
    book.line(ended=agenda.now(), cpu=time.process_time() - cpu)
    runner.user_greenlets.join(1)
    runner.quit()
    if pages:
        pages.stop()


def main(  # noqa: PLR0917 - typer reads them as options
    plan: Annotated[Path, typer.Argument(help="The requests, as plan.py writes them.")],
    results: Annotated[Path, typer.Argument(help="File to append results to.")],
    url: Annotated[str, typer.Argument(help="Base URL of the API, with a trailing slash.")],
    in_flight: Annotated[int, typer.Option(help="Requests at once, at most.")] = 64,
    give_up: Annotated[float, typer.Option(help="Seconds after its first try when a wish is given up.")] = 60,
    ui: Annotated[int | None, typer.Option(help="Port for Locust's own pages.")] = None,
) -> None:
    """Send a plan."""
    logging.basicConfig(level=logging.WARNING)
    Phone.host, Phone.agenda, Phone.book, Phone.give_up = url, Agenda(read(plan)), Book(results), give_up
    run(Phone.agenda, Phone.book, Environment(user_classes=[Phone], stop_timeout=1), in_flight, ui)


if __name__ == "__main__":
    typer.run(main)
