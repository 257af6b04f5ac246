"""AWS with a fault in it: an endpoint between one function and the engine that a test can make misbehave.

The function is what is deployed and the engine is the engine; only the wire between them is ours.
"""

import http.client
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import psutil


@dataclass
class Call:
    """One AWS call of a function: ``operation`` as in ``PutItem``, its JSON, and the port it comes from."""

    operation: str
    headers: dict[str, str]
    body: bytes
    client_port: int
    engine: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def forward(self, body: bytes | None = None) -> tuple[int, bytes]:
        """Let the engine carry it out, perhaps with another body."""
        address = urlsplit(self.engine)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
        try:
            kept = {name: value for name, value in self.headers.items() if name.lower() != "content-length"}
            connection.request("POST", "/", self.body if body is None else body, kept)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def kill_caller(self) -> psutil.Process:
        """End the process that made the call, before it hears the answer."""
        connections = [each for each in psutil.net_connections("tcp") if each.laddr.port == self.client_port]
        [caller] = {each.pid for each in connections} - {None, os.getpid()}
        process = psutil.Process(caller)
        process.kill()
        return process


type Fault = Callable[[Call], tuple[int, bytes]]


@contextmanager
def faulty_aws(engine: str, fault: Fault) -> Iterator[str]:
    """An endpoint URL at which every call goes through ``fault``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            status, answer = fault(Call(operation, dict(self.headers), body, self.client_address[1], engine))
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:  # the caller was killed, as it should be
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
