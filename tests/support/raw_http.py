"""A client of raw bytes: it sends what no well-behaved client would, and reads all the answers strictly."""

import asyncio
import http.client
import io
import json
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.support import ROOT

PATIENCE = 60.0  # seconds: far above every deadline of the server

# A row of the table of errors: | 400 | `bad-request` | when |
_ERROR = re.compile(r"^\| (\d{3}) \| `([a-z-]+)` \|", re.MULTILINE)
PROBLEMS = {(int(status), name) for status, name in _ERROR.findall((ROOT / "docs/http.md").read_text())}
SUCCESSES = {
    200: ("application/json", "text/html", "text/css", "text/javascript", "image/svg+xml"),
    202: ("application/json",),
    303: ("application/json", "text/html", ""),
    304: ("application/json", "text/html", "text/css", "text/javascript", "image/svg+xml", ""),
}


@dataclass(frozen=True)
class Answer:
    """One answer; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def breach(self) -> str:
        """Return in which way this answer is none of those in docs/http.md; empty where it is one."""
        kind = self.headers.get("content-type", "").partition(";")[0]
        if b"inistack" in self.body or b"ocalstack" in self.body or "server" in self.headers:
            return "it tells of the engine or the server"
        if self.status < 400:
            return "" if kind in SUCCESSES.get(self.status, ()) else f"{self.status} of type {kind!r}"
        if kind != "application/problem+json":
            return f"{self.status} of type {kind!r}"
        return self._breach_of_problem() if self.body else ""

    def _breach_of_problem(self) -> str:
        problem = json.loads(self.body)
        name = problem["type"].removeprefix("urn:lastwish:problem:")
        known = (self.status, name) in PROBLEMS and problem["status"] == self.status
        return "" if known else f"{self.status} with the problem {problem}"


class _Stream(io.BytesIO):
    """All that came back, as a socket that http.client reads one answer after another from."""

    def makefile(self, _mode: str) -> "_Stream":
        return self

    def close(self) -> None:
        """Stay open: http.client closes it after each answer."""


def answers_in(received: bytes, methods: Iterable[str] = ()) -> list[Answer]:
    """Return the answers in these bytes, to requests of these methods, then of GET. Raises HTTPException on garbage."""
    received = received.removesuffix(b"HTTP/1.1 100 Continue\r\n\r\n")  # for a body that never came
    stream, order, answers = _Stream(received), iter(methods), []
    while stream.tell() < len(received):
        response = http.client.HTTPResponse(stream, method=next(order, "GET"))  # type: ignore[arg-type]
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        answers.append(Answer(response.status, headers, response.read()))
    return answers


async def exchange(url: str, pieces: Iterable[bytes], quiet: float = PATIENCE) -> bytes:
    """Send these pieces and return all bytes that come back, until the server closes the connection.

    After `quiet` seconds without a byte it hangs up by itself. Raises TimeoutError when all takes longer than PATIENCE.
    """
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    sending = asyncio.create_task(_send(writer, pieces))
    try:
        async with asyncio.timeout(PATIENCE):
            return b"".join([chunk async for chunk in _chunks(reader, quiet)])
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, pieces: Iterable[bytes]) -> None:
    with suppress(ConnectionError):  # the server has heard enough
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)


async def _chunks(reader: asyncio.StreamReader, quiet: float) -> AsyncIterator[bytes]:
    with suppress(ConnectionError):
        while True:
            try:
                chunk = await asyncio.wait_for(reader.read(65536), quiet)
            except TimeoutError:
                if quiet == PATIENCE:
                    raise
                return
            if not chunk:
                return
            yield chunk


async def exchange_all(url: str, requests: Sequence[Iterable[bytes]], at_once: int, quiet: float) -> list[bytes]:
    """Exchange all of these, so many at a time; return what came back for each."""
    limit = asyncio.Semaphore(at_once)

    async def one(pieces: Iterable[bytes]) -> bytes:
        async with limit:
            return await exchange(url, pieces, quiet)

    return await asyncio.gather(*(one(each) for each in requests))
