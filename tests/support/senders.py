"""People who send wishes while the stack is broken under them: with a key each, and again until they are accepted."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

import httpx

PEOPLE = 4


class Senders:
    """`accepted` are the wishes that were answered 202, by their ids."""

    def __init__(self, url: str) -> None:
        self.accepted: set[str] = set()
        self._url = url
        self._over = threading.Event()

    def send_until_over(self) -> None:
        """Send wishes as one person, one after the other."""
        with httpx.Client(base_url=self._url, timeout=10, trust_env=False) as http:
            while not self._over.wait(0.1):
                self.accepted.add(_accepted(http))

    def end(self) -> None:
        """Let everybody get an answer to the wish that they are sending, and send no other."""
        self._over.set()


def _accepted(http: httpx.Client) -> str:
    """Send one wish until it is accepted, with the same key, as the page does. Returns its id."""
    key = str(uuid.uuid4())
    wish = {"message": f"Whatever dies, remember {key}", "destination": "mars"}
    pause = threading.Event()
    while True:
        with suppress(httpx.HTTPError):  # refused, cut off or not answered: nobody knows what became of it
            answer = http.post("wishes", json=wish, headers={"Idempotency-Key": key})
            if answer.status_code == 202:
                return str(answer.json()["wish_id"])
            assert answer.status_code in {429, 502, 503, 504}, answer.text
        pause.wait(0.5)


@contextmanager
def sending(url: str) -> Iterator[Senders]:
    """Have people send meanwhile. Afterwards each of them has had an answer to all that was sent."""
    senders = Senders(url)
    with ThreadPoolExecutor(PEOPLE) as people:
        working: list[Future[None]] = [people.submit(senders.send_until_over) for _ in range(PEOPLE)]
        try:
            yield senders
        finally:
            senders.end()
        for each in working:
            each.result()
