"""The sender: Locust users that send a plan, in a process of their own. Importing this module patches the world.

`python -m lastwish.load.sender PLAN RESULTS URL` writes a JSON object per line:

    {"zero": 1794…, "ui": null}          the run begins, in seconds of the epoch; the URL of Locust's pages
    {"n": 0, "kind": "ordinary", …}      a wish that is finished: the fields of run.Result
    {"ended": 12.8, "cpu": 1.93}         the end, and the CPU seconds that it took since zero

SIGINT and SIGTERM stop the sending: what is in flight gets up to GRACE seconds. It also stops when its parent is gone,
or at a press on Stop in Locust's pages. These stay until a signal comes after the end.
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

import flask
import gevent
import gevent.ssl
import locust
import typer
from gevent.event import Event
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import STATE_RUNNING

from lastwish.load.agenda import Agenda, Underway
from lastwish.load.plan import EXPECTED, Planned, planned
from lastwish.load.run import Result

GRACE = 10.0
IDLE = 2.0  # seconds after which a connection is not used again; our proxy closes it after five


class Phone(locust.FastHttpUser):
    """One request in flight: takes what is due, sends it, and says how it went."""

    concurrency = 1
    insecure = False
    ssl_context_factory = staticmethod(cache(gevent.ssl.create_default_context))

    url: ClassVar[str]
    timeout: ClassVar[float]
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
        answer: Any = None
        with gevent.Timeout(self.timeout, False):
            answer = http.post(
                f"{self.url}wishes",  # whole: Locust's pages cannot lead it elsewhere
                data=request.body,
                headers=headers,
                catch_response=True,
                allow_redirects=False,
            )
        self._last = self.agenda.now()
        if wish.first_done is None:
            wish.first_done = self.agenda.now()
        wish.status, wish.error = 0, _why_none(answer)
        if wish.error:
            http.client.close()  # half of an answer may still come
            return 0
        wish.status = answer.status_code
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
        if not result:
            return
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
    """The file of results. Each line is there as soon as it is written, whole.

    Where it cannot be written nothing that is sent is known, so the process ends there and then.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._closed = False

    def write(self, wish: Underway, done: float) -> Result | None:
        """One more is finished. None when the book is closed: the wish stands in it already."""
        if self._closed:
            return None
        request = wish.planned
        result = Result(
            n=request.number,
            key=request.key,
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

    def close(self, ended: float, cpu: float) -> None:
        """The last line."""
        self.line(ended=ended, cpu=cpu)
        self._closed = True

    def line(self, **values: object) -> None:
        """Any line."""
        line = json.dumps(values, separators=(",", ":")).encode() + b"\n"
        try:
            written = self._file.write(line)
        except OSError:
            written = 0
        if written != len(line):
            logging.critical("the results cannot be written: is the disk full?")
            os._exit(1)


def _why_none(answer: Any) -> str | None:
    """In a word, why there is no whole answer. The body of a refusal says nothing that is asked for."""
    if answer is None:
        return "timeout"
    if answer.status_code >= 400 or answer.request_meta["exception"] is None:
        return None
    error = answer.request_meta["exception"]
    is_slow = isinstance(getattr(error, "original", error), TimeoutError | gevent.Timeout)
    return "timeout" if is_slow else "connection"


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


def run(agenda: Agenda, book: Book, environment: Any, users: int, *, ui: int | None, parent: int) -> None:
    """Send all, and return when it is over or was stopped."""
    runner, signalled = environment.create_local_runner(), Event()
    pages = _pages(environment, ui) if ui else None
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, signalled.set)
        gevent.signal_handler(number, agenda.close)
    environment.events.test_stopping.add_listener(lambda **_: agenda.close())  # a press on Stop
    runner.start(users, spawn_rate=users)
    runner.spawning_greenlet.join()
    if os.getppid() != parent:  # gone before anything was sent
        return
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
    book.close(agenda.now(), time.process_time() - cpu)
    signalled.clear()
    runner.user_greenlets.join(1)
    if runner.state == STATE_RUNNING:  # and not stopped in its pages
        runner.stop()
    while pages and os.getppid() == parent and not signalled.wait(0.5):
        pass
    runner.quit()


def _pages(environment: Any, port: int) -> Any:
    """Locust's own, to look at and to press Stop. What is sent, where to and by how many was planned."""
    del sys.argv[1:]  # they would parse them as theirs
    pages = environment.create_web_ui("127.0.0.1", port)
    pages.app.before_request(_only_looking)
    return pages


def _only_looking() -> tuple[dict[str, object], int] | None:
    """Flask's refusal of all else, and of any page of somebody else's, by whatever name it calls this machine."""
    asked = flask.request
    ours = asked.host.partition(":")[0] in ("127.0.0.1", "localhost")
    if not ours or asked.headers.get("Origin", f"http://{asked.host}") != f"http://{asked.host}":
        return {"success": False, "message": "These pages are for this machine."}, 403
    if asked.method not in ("GET", "HEAD") and asked.path != "/stop":
        return {"success": False, "message": "The load was planned by the command that started it."}, 409
    return None


def main(  # noqa: PLR0917 - typer reads them as options
    plan: Annotated[Path, typer.Argument(help="The requests, as plan.py writes them.")],
    results: Annotated[Path, typer.Argument(help="File to append results to.")],
    url: Annotated[str, typer.Argument(help="Base URL of the API, with a trailing slash.")],
    in_flight: Annotated[int, typer.Option(help="Requests at once, at most.")] = 64,
    give_up: Annotated[float, typer.Option(help="Seconds after its first try when a wish is given up.")] = 120,
    ui: Annotated[int | None, typer.Option(help="Port for Locust's own pages.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds for one try, from its begin to the end of its answer.")] = 10,
    parent: Annotated[int | None, typer.Option(help="Process without which nothing is sent.")] = None,
) -> None:
    """Send a plan."""
    logging.basicConfig(level=logging.WARNING)
    Phone.host = Phone.url = url
    Phone.timeout = Phone.network_timeout = Phone.connection_timeout = timeout
    Phone.agenda, Phone.book, Phone.give_up = Agenda(read(plan)), Book(results), give_up
    environment = Environment(user_classes=[Phone], stop_timeout=GRACE)
    run(Phone.agenda, Phone.book, environment, in_flight, ui=ui, parent=parent or os.getppid())


if __name__ == "__main__":
    typer.run(main)
