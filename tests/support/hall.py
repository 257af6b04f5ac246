"""A server on this machine for a crowd: it does to each request what a test wants, and remembers what came."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Came:
    """One request."""

    key: str
    body: bytes
    content_type: str
    at: float


@dataclass
class Hall:
    """What came, in order; ``most`` is how many were there at once."""

    url: str = ""
    came: list[Came] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    drip: float = 0.0  # seconds before each byte of an answer's body
    inside: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keys(self) -> list[str]:
        return [each.key for each in self.came]

    def enter(self, came: Came) -> int:
        with self.lock:
            self.came.append(came)
            self.inside += 1
            self.most = max(self.most, self.inside)
            return self.keys().count(came.key)

    def leave(self, key: str | None) -> None:
        with self.lock:
            self.inside -= 1
            if key:
                self.answered.append(key)


type Answer = tuple[int, dict[str, str]] | None
type Does = Callable[[Came, int], Answer]  # the request, and which try of its key it is; None hangs up


def accepts(_came: Came, _attempt: int) -> Answer:
    return 202, {}


@contextmanager
def hall(does: Does = accepts, drip: float = 0.0) -> Iterator[Hall]:
    """It is there for the block."""
    here = Hall(drip=drip)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came = Came(self.headers["Idempotency-Key"], body, self.headers["Content-Type"], time.monotonic())
            attempt, kept = here.enter(came), None
            try:
                answer = does(came, attempt)
                if answer is None:
                    self.close_connection = True
                    return
                status, headers = answer
                accepted = {"wish_id": str(uuid.uuid5(uuid.NAMESPACE_URL, came.key))} if status == 202 else {}
                kept = came.key if status == 202 else None
                content = json.dumps(accepted).encode()
            finally:
                here.leave(kept)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            for byte in content if here.drip else ():
                time.sleep(here.drip)
                try:
                    self.wfile.write(bytes([byte]))
                except OSError:  # nobody listens any more
                    return
            self.wfile.write(content if not here.drip else b"")

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    here.url = f"http://127.0.0.1:{server.server_port}/"
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield here
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
