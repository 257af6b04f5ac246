"""Locust users that send a plan, in a process of their own: the import of this module patches the standard library.

`python -m lastwish.load.sender PLAN RESULTS URL` writes what result_writer describes. SIGINT and SIGTERM stop the
sending: requests in flight get up to GRACE seconds. It also stops when its parent is gone, or at a press on Stop in
Locust's pages. These stay until a signal comes after the end.
"""

import locust  # isort: skip - its import patches the standard library with gevent: before everything that uses sockets

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

import flask
import gevent
import gevent.ssl
import typer
from gevent.event import Event
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import STATE_RUNNING

from lastwish.load.plan import EXPECTED, PlannedRequest
from lastwish.load.result_writer import ResultWriter
from lastwish.load.schedule import PendingWish, Schedule
from lastwish.polling import TRY_TIMEOUT, pause_before_retry, retry_after

GRACE = 10.0
MAX_IDLE = 2.0  # seconds after which a connection is not used again; our proxy closes it after five


class Phone(locust.FastHttpUser):
    """One connection: takes the wish that is due next, sends it, and writes the result."""

    concurrency = 1
    insecure = False
    ssl_context_factory = staticmethod(cache(gevent.ssl.create_default_context))

    url: ClassVar[str]
    timeout: ClassVar[float]
    schedule: ClassVar[Schedule]
    writer: ClassVar[ResultWriter]
    give_up: ClassVar[float]

    _last_answer = 0.0  # seconds since the load began

    @locust.task
    def send(self) -> None:
        """Send until there is nothing more to send."""
        while (wish := self.schedule.take()) is not None:
            try:
                asked = self._try(wish)
            except Exception:
                wish.status, wish.error = 0, "failure"
                self._finish(wish)
                raise  # Locust logs it, and starts this task again
            pause = None if asked is None else pause_before_retry(wish.tries, asked)
            if pause is None or self.schedule.now() + pause > wish.sent + self.give_up:
                self._finish(wish)
                continue
            wish.again_for.append(str(wish.status) if wish.status else wish.error or "no answer")
            self.schedule.retry(wish, pause)
        raise StopUser

    def _try(self, wish: PendingWish) -> float | None:
        """Make one request. Return what `Retry-After` asks where another try may help, else None."""
        if self.schedule.now() - self._last_answer > MAX_IDLE:
            self.client.client.close()  # or the wish would find out that the server has closed it
        answer = self._post(wish.request)
        self._last_answer = self.schedule.now()
        if wish.first_done is None:
            wish.first_done = self._last_answer
        wish.status, wish.error = 0, _error(answer)
        if wish.error:
            self.client.client.close()  # half of an answer may still come
            return 0
        wish.status = answer.status_code
        wish.wish_id = _wish_id(answer.content) if wish.status == 202 else None
        if wish.status == 429 or wish.status >= 500:
            return retry_after(answer.headers or {})
        if wish.status < 400 and not wish.wish_id:
            wish.status, wish.error = 0, "no wish"  # a captive portal's page
            return 0
        return None

    def _post(self, request: PlannedRequest) -> Any:
        # Not entered as a context, so Locust counts nothing by itself: a wish counts once, when it is finished.
        http: Any = self.client
        with gevent.Timeout(self.timeout, False):
            return http.post(
                f"{self.url}wishes",  # absolute: Locust's pages cannot lead it elsewhere
                data=request.body,
                headers={
                    "Content-Type": request.content_type,
                    "Accept": "application/json",
                    "Idempotency-Key": request.key,
                },
                catch_response=True,
                allow_redirects=False,
            )
        return None

    def _finish(self, wish: PendingWish) -> None:
        result = self.writer.add(wish, self.schedule.now())
        self.schedule.finish(wish)
        if not result:
            return
        is_wrong = result.status not in EXPECTED[result.kind]
        self.environment.events.request.fire(
            request_type="POST",
            name=f"/wishes {result.kind}",
            response_time=1000 * (result.done - result.at),
            response_length=0,
            exception=RuntimeError(result.error or f"answered {result.status}") if is_wrong else None,
            context={},
        )


def _error(answer: Any) -> str | None:
    """Return in a word why there is no whole answer, else None. The body of a refusal is not needed."""
    if answer is None:
        return "timeout"
    if answer.status_code >= 400 or answer.request_meta["exception"] is None:
        return None
    error = answer.request_meta["exception"]
    is_slow = isinstance(getattr(error, "original", error), TimeoutError | gevent.Timeout)
    return "timeout" if is_slow else "connection"


def _wish_id(content: bytes | None) -> str | None:
    try:
        wish_id = json.loads(content or b"")["wish_id"]
    except (ValueError, KeyError, TypeError):
        return None
    return wish_id if isinstance(wish_id, str) else None


def read_plan(path: Path) -> Iterator[PlannedRequest]:
    """Read the requests of a plan, one at a time: a plan may be long."""
    with path.open("rb") as lines:
        yield from map(PlannedRequest.from_line, lines)


def run(schedule: Schedule, writer: ResultWriter, environment: Any, users: int, *, ui: int | None, parent: int) -> None:
    """Send all. Return when all is sent, or the sending was stopped."""
    runner, signalled = environment.create_local_runner(), Event()
    pages = _serve_pages(environment, ui) if ui else None
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, signalled.set)
        gevent.signal_handler(number, schedule.close)
    environment.events.test_stopping.add_listener(lambda **_: schedule.close())  # Stop in Locust's pages
    runner.start(users, spawn_rate=users)
    runner.spawning_greenlet.join()
    if os.getppid() != parent:  # gone before anything was sent
        return
    schedule.begin()
    writer.begin(time.time(), f"http://127.0.0.1:{ui}/" if ui else None)
    cpu = time.process_time()
    while not schedule.over.wait(0.5) and not schedule.closed:
        if os.getppid() != parent:
            schedule.close()
    schedule.over.wait(GRACE)
    for wish in schedule.unfinished():  # in flight for too long, or in a pause before its next try
        wish.error = "interrupted"
        writer.add(wish, schedule.now())
    writer.end(schedule.now(), time.process_time() - cpu)
    signalled.clear()
    runner.user_greenlets.join(1)
    if runner.state == STATE_RUNNING:  # not stopped in Locust's pages
        runner.stop()
    while pages and os.getppid() == parent and not signalled.wait(0.5):
        pass
    runner.quit()


def _serve_pages(environment: Any, port: int) -> Any:
    """Serve Locust's own pages, to look at and to press Stop. Everything else was planned."""
    del sys.argv[1:]  # the pages would parse our arguments as Locust's
    pages = environment.create_web_ui("127.0.0.1", port)
    pages.app.before_request(_refuse_changes)
    return pages


def _refuse_changes() -> tuple[dict[str, object], int] | None:
    """Refuse, for Flask, whatever neither looks nor stops, and requests that come from pages of other sites."""
    request = flask.request
    is_here = request.host.partition(":")[0] in ("127.0.0.1", "localhost")
    if not is_here or request.headers.get("Origin", f"http://{request.host}") != f"http://{request.host}":
        return {"success": False, "message": "These pages are for this machine."}, 403
    if request.method not in ("GET", "HEAD") and request.path != "/stop":
        return {"success": False, "message": "The load was planned by the command that started it."}, 409
    return None


def main(  # noqa: PLR0917 - typer reads them as options
    plan: Annotated[Path, typer.Argument(help="File of requests, as plan.py writes it.")],
    results: Annotated[Path, typer.Argument(help="File to append results to.")],
    url: Annotated[str, typer.Argument(help="Base URL of the API, with a trailing slash.")],
    in_flight: Annotated[int, typer.Option(help="Most requests in flight at once.")] = 64,
    give_up: Annotated[float, typer.Option(help="Seconds after its first try until a wish is given up.")] = 120,
    ui: Annotated[int | None, typer.Option(help="Port for Locust's own pages.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds for one whole try.")] = TRY_TIMEOUT,
    parent: Annotated[int | None, typer.Option(help="Process without which nothing is sent.")] = None,
) -> None:
    """Send a plan."""
    logging.basicConfig(level=logging.WARNING)
    Phone.host = Phone.url = url
    Phone.timeout = Phone.network_timeout = Phone.connection_timeout = timeout
    Phone.schedule, Phone.writer, Phone.give_up = Schedule(read_plan(plan)), ResultWriter(results), give_up
    environment = Environment(user_classes=[Phone], stop_timeout=GRACE)
    run(Phone.schedule, Phone.writer, environment, in_flight, ui=ui, parent=parent or os.getppid())


if __name__ == "__main__":
    typer.run(main)
