"""A server on this machine for the sender's tests: it answers each request as the test says, and records them all."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    """One recorded request; ``at`` is the time of a monotonic clock."""

    key: str
    body: bytes
    content_type: str
    at: float


type Answer = tuple[int, dict[str, str]] | None  # status and headers; None closes the connection
type Respond = Callable[[Request, int], Answer]  # gets the request, and the number of this try of its key


@dataclass
class LoadServer:
    """Recorded requests, in order; ``most`` is the highest number of requests at once."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    accepted_keys: list[str] = field(default_factory=list)
    byte_pause: float = 0.0  # seconds before each byte of an answer's body
    in_flight: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keys(self) -> list[str]:
        return [request.key for request in self.requests]

    def begin(self, request: Request) -> int:
        with self.lock:
            self.requests.append(request)
            self.in_flight += 1
            self.most = max(self.most, self.in_flight)
            return self.keys().count(request.key)

    def end(self, accepted_key: str | None) -> None:
        with self.lock:
            self.in_flight -= 1
            if accepted_key:
                self.accepted_keys.append(accepted_key)


def accept(_request: Request, _attempt: int) -> Answer:
    return 202, {}


@contextmanager
def load_server(respond: Respond = accept, byte_pause: float = 0.0) -> Iterator[LoadServer]:
    """Run a server for the block."""
    recorded = LoadServer(byte_pause=byte_pause)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(recorded, respond))
    server.daemon_threads = True
    recorded.url = f"http://127.0.0.1:{server.server_port}/"
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield recorded
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def _handler(recorded: LoadServer, respond: Respond) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = Request(self.headers["Idempotency-Key"], body, self.headers["Content-Type"], time.monotonic())
            attempt, accepted_key = recorded.begin(request), None
            try:
                answer = respond(request, attempt)
                if answer is None:
                    self.close_connection = True
                    return
                status, headers = answer
                accepted_key = request.key if status == 202 else None
            finally:
                recorded.end(accepted_key)
            wish = {"wish_id": str(uuid.uuid5(uuid.NAMESPACE_URL, request.key))} if accepted_key else {}
            self.send(status, headers, json.dumps(wish).encode())

        def send(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            pieces = [content[n : n + 1] for n in range(len(content))] if recorded.byte_pause else [content]
            with suppress(OSError):  # the client has gone
                for piece in pieces:
                    time.sleep(recorded.byte_pause)
                    self.wfile.write(piece)

        def log_message(self, *_args: object) -> None:
            pass

    return Handler
