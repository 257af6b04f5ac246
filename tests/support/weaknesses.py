"""A database of known weaknesses on loopback, in the place of OSV's (https://google.github.io/osv.dev/post-v1-query)."""

import json
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

type Release = tuple[str, str]


@dataclass
class WeaknessDatabase:
    """Where it listens, and the releases that it was asked about: pairs of name and version."""

    url: str
    asked: set[Release] = field(default_factory=set)


@contextmanager
def weakness_database(weak: Collection[Release], broken_for: Collection[str] = ()) -> Iterator[WeaknessDatabase]:
    """Answer that these releases are weak and all others are not; answer 500 for the packages in ``broken_for``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            release = (query["package"]["name"], query["version"])
            database.asked.add(release)
            self.send_response(500 if release[0] in broken_for else 200)
            self.end_headers()
            self.wfile.write(json.dumps({"vulns": [_weakness_of(release[0])]} if release in weak else {}).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name in the base class
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    database = WeaknessDatabase(f"http://127.0.0.1:{server.server_port}/v1/query")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield database
    finally:
        server.shutdown()
        server.server_close()


def _weakness_of(name: str) -> dict[str, object]:
    return {"id": f"OSV-{name}", "summary": "", "affected": [{"package": {"name": name, "ecosystem": "PyPI"}}]}
