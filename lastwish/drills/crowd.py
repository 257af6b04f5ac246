"""People who send wishes while something is broken. The proxy's ledger has what they were promised."""

import json
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event, Thread
from typing import Self
from uuid import uuid4

import httpx

from lastwish.client import http_client
from lastwish.drills.drill import Load
from lastwish.load import wishes
from lastwish.load.seeded import SeededRandom
from lastwish.polling import TRY_TIMEOUT

_AT_ONCE = 16  # requests
_HASTE = 0.02  # seconds until a hasty phone takes its answer for lost
_HASTY = 0.6  # of the wishes are sent so
_KEPT = 20  # latest wishes whose receipts are read

type _Wish = tuple[bytes, str]  # body and key


class Crowd:
    """Context in which people send. ``answers`` counts statuses (0: none came); ``accepted``: the latest wishes."""

    def __init__(self, url: str, load: Load, seed: int) -> None:
        self.answers: Counter[int] = Counter()
        self.accepted: deque[str] = deque(maxlen=_KEPT)
        self._load, self._random = load, SeededRandom(seed, "crowd")
        self._http = http_client(url)
        self._gone = Event()
        self._thread = Thread(target=self._come, daemon=True, name="crowd")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Send no more, and wait for the answers that are on their way."""
        self._gone.set()
        self._thread.join()
        self._http.close()

    def _come(self) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as phones:
            while not self._gone.is_set():
                wave = [self._wish() for _ in range(self._load.wishes)]
                for copy in range(self._load.copies):
                    wait(list(self._sent(phones, wave)))
                    if not copy:
                        self._gone.wait(self._load.pause)

    def _sent(self, phones: ThreadPoolExecutor, wave: list[_Wish]) -> Iterator[Future[None]]:
        start = time.monotonic()
        for number, wish in enumerate(wave):
            if self._gone.wait(max(0.0, start + number / self._load.rate - time.monotonic())):
                return
            yield phones.submit(self._send, wish)

    def _wish(self) -> _Wish:
        body = wishes.ordinary(self._random).body
        if self._load.kind == "hostile":
            markup = [each for each in wishes.texts()["hostile"]["messages"] if each.startswith("<")]
            body = json.dumps(json.loads(body) | {"message": self._random.choice(markup)}).encode()
        return body, str(uuid4())  # not of the seed: a second drill would send the wishes of the first one again

    def _send(self, wish: _Wish) -> None:
        if self._load.kind == "hasty" and self._random.unit() < _HASTY:
            self._try(wish, _HASTE)
            self._gone.wait(self._random.unit())  # full jitter, as the form has it
        self._try(wish, TRY_TIMEOUT)

    def _try(self, wish: _Wish, seconds: float) -> None:
        body, key = wish
        headers = {"Content-Type": wishes.JSON, "Idempotency-Key": key}
        try:
            if self._load.kind == "pages":
                answer = self._http.get("", headers={"Accept": "text/html"}, timeout=seconds)
            else:
                answer = self._http.post("wishes", content=body, headers=headers, timeout=seconds)
        except httpx.HTTPError:
            self.answers[0] += 1
            return
        self.answers[answer.status_code] += 1
        if answer.status_code == 202:
            self.accepted.append(answer.json()["wish_id"])
