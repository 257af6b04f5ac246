"""Measure what a page costs a phone: requests, bytes, and the time until it is usable on a slow processor and line.

Each page is loaded cold in Chromium with Lighthouse's mobile conditions (processor four times slower, 1.6 Mbit/s,
150 ms there and back), beside the smallest answer that the same stack gives: ``/health``. "Usable" is Lighthouse's
time to interactive: after it comes a window of five seconds in which no task takes longer than 50 ms.

`python -m bench.pages` prints each answer of each page, with the bytes of its head and of its body.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from rich.console import Console
from rich.table import Table

from bench import BenchFailed, NotMeasured
from bench.throughput import WISH
from tests.support.chromium import FLAGS, chromium
from tests.support.laptop import Stack, a_stack, wait_until
from tests.support.sizes import PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession

BARE = "bare answer (/health)"
SLOWDOWN = 4  # of the processor
QUIET_MS = 5000.0  # without a long task, as Lighthouse defines it
_LINE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
_WATCH = """
window.__long = [];
new PerformanceObserver((list) => list.getEntries().forEach((task) => __long.push([task.startTime, task.duration])))
  .observe({ type: "longtask", buffered: true });
"""
_TIMES = """() => ({
  first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
  loaded: performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
  long: window.__long,
})"""


@dataclass
class Answer:
    """One answer on its way to a page: bytes of its head, of its body as sent, and of its body after unpacking."""

    path: str
    head: int
    body: int = 0
    unpacked: int = 0
    is_complete: bool = False


def measure(stack: Stack, loads: int, quiet_ms: float = QUIET_MS) -> dict[str, dict[str, float]]:
    """Return the medians of so many loads, by page. Raises BenchFailed, and NotMeasured without Chromium.

    A load before, which does not count, starts the functions: a page asks for up to six files at once, each request at
    a time needs a process of its own, and the first page that a process makes takes a second.
    """
    paths = _paths(stack.url)
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in paths}
    with _browser() as browser:
        for page in paths.values():
            _load(browser, stack.url + page, 0)
        for _ in range(loads):
            for name, page in paths.items():
                measured[name].append(_load(browser, stack.url + page, quiet_ms)[0])
    return {
        name: {figure: round(median(load[figure] for load in of_page), 1) for figure in of_page[0]}
        for name, of_page in measured.items()
    }


def answers(stack: Stack) -> dict[str, list[Answer]]:
    """Return each answer of a first visit, by page. Raises BenchFailed, and NotMeasured without Chromium."""
    with _browser() as browser:
        return {name: _load(browser, stack.url + page, 0)[1] for name, page in _paths(stack.url).items()}


def as_table(pages: dict[str, list[Answer]]) -> Table:
    """Return the answers of each page, each page with its sum."""
    table = Table("page", "answer", *(f"{name}, bytes" for name in ("head", "body", "unpacked")))
    for page, loaded in pages.items():
        for each in loaded:
            table.add_row(page, each.path, *(str(size) for size in (each.head, each.body, each.unpacked)))
        sums = (sum(getattr(each, name) for each in loaded) for name in ("head", "body", "unpacked"))
        table.add_row(page, f"all {len(loaded)}", *map(str, sums), end_section=True)
    return table


@contextmanager
def _browser() -> Iterator["Browser"]:
    if (path := chromium()) is None:
        raise NotMeasured("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def _paths(url: str) -> dict[str, str]:
    return {BARE: "health", "form": "", "receipt": _receipt(url), "wall": "wall", "console": "sign-in"}


def _load(browser: "Browser", url: str, quiet_ms: float) -> tuple[dict[str, float], list[Answer]]:
    """Load a page once without any cache, and watch it until it has been quiet: some pages poll for ever."""
    context = browser.new_context(viewport=PHONE, locale="en-GB")  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(_WATCH)
    cdp = context.new_cdp_session(page)
    cdp.send("Network.enable")
    loaded = _listen(cdp)
    cdp.send("Network.emulateNetworkConditions", _LINE)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    page.goto(url, wait_until="load")
    page.wait_for_timeout(300)  # until the last event about the last file is here
    complete = [each for each in loaded.values() if each.is_complete]
    figures = {
        "requests": len(complete),
        "kilobytes": round(sum(each.unpacked for each in complete) / 1000, 1),
        "transferred_kilobytes": round(sum(each.head + each.body for each in complete) / 1000, 1),
    }
    page.wait_for_timeout(1.4 * quiet_ms)
    times = page.evaluate(_TIMES)
    context.close()
    first_paint = times["first"] or times["loaded"]
    usable = interactive(first_paint, times["loaded"], times["long"], quiet_ms)
    return figures | {"first_paint_ms": round(first_paint), "usable_ms": round(usable)}, complete


def _listen(cdp: "CDPSession") -> dict[str, Answer]:
    """Return the answers by the browser's id of their request. They come in while the page loads."""
    loaded: dict[str, Answer] = {}

    def began(event: dict[str, Any]) -> None:
        response = event["response"]
        loaded[event["requestId"]] = Answer(urlsplit(response["url"]).path, response["encodedDataLength"])

    def received(event: dict[str, Any]) -> None:
        loaded[event["requestId"]].unpacked += event["dataLength"]

    def finished(event: dict[str, Any]) -> None:
        answer = loaded[event["requestId"]]
        answer.body, answer.is_complete = event["encodedDataLength"] - answer.head, True

    for name, listener in {"responseReceived": began, "dataReceived": received, "loadingFinished": finished}.items():
        cdp.on(f"Network.{name}", listener)
    return loaded


def interactive(first_paint: float, loaded: float, long_tasks: list[list[float]], quiet_ms: float = QUIET_MS) -> float:
    """Return the end of the last long task (``[start, duration]`` in ms) before the first quiet window."""
    usable = first_paint
    for start, duration in sorted(long_tasks):
        if start - usable > quiet_ms:
            break
        usable = max(usable, start + duration)
    return max(usable, loaded)


def _receipt(url: str) -> str:
    """Send a wish and return the path of its receipt once it is stored. Raises BenchFailed."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        path: str = http.post("wishes", json=WISH).json()["links"]["self"]
        if not wait_until(lambda: http.get(path).status_code == 200, 20):
            raise BenchFailed("the wish whose receipt was to be measured was not stored")
    return path


if __name__ == "__main__":
    with a_stack() as stack:
        Console(width=120).print(as_table(answers(stack)))
