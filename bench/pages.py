"""Measure what a page costs a phone: requests, bytes, and the time until it is usable on a slow processor and line.

Each page is loaded cold in Chromium with Lighthouse's mobile conditions (processor four times slower, 1.6 Mbit/s,
150 ms there and back), beside the smallest answer that the same stack gives: ``/health``. "Usable" is Lighthouse's
time to interactive: after it comes a window of five seconds in which no task takes longer than 50 ms.
"""

from statistics import median
from typing import TYPE_CHECKING, Any

import httpx

from bench import BenchFailed, NotMeasured
from bench.throughput import WISH
from tests.support.chromium import FLAGS, chromium
from tests.support.laptop import Stack, wait_until
from tests.support.sizes import PHONE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


def measure(stack: Stack, loads: int, quiet_ms: float = QUIET_MS) -> dict[str, dict[str, float]]:
    """Return the medians of so many loads, by page. Raises BenchFailed, and NotMeasured without Chromium.

    A load before, which does not count, starts the functions: a page asks for up to six files at once, each request at
    a time needs a process of its own, and the first page that a process makes takes a second.
    """
    if (path := chromium()) is None:
        raise NotMeasured("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    paths = {BARE: "health", "form": "", "receipt": _receipt(stack.url), "wall": "wall", "console": "sign-in"}
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in paths}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for page in paths.values():
            _load(browser, stack.url + page, 0)
        for _ in range(loads):
            for name, page in paths.items():
                measured[name].append(_load(browser, stack.url + page, quiet_ms))
        browser.close()
    return {
        name: {figure: round(median(load[figure] for load in of_page), 1) for figure in of_page[0]}
        for name, of_page in measured.items()
    }


def _load(browser: "Browser", url: str, quiet_ms: float) -> dict[str, float]:
    """Load a page once without any cache, and watch it until it has been quiet: some pages poll for ever."""
    context = browser.new_context(viewport=PHONE, locale="en-GB")  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(_WATCH)
    cdp = context.new_cdp_session(page)
    cdp.send("Network.enable")
    transferred: dict[str, float] = {}
    unpacked: dict[str, float] = {}

    def finished(event: dict[str, Any]) -> None:
        transferred[event["requestId"]] = event["encodedDataLength"]

    def received(event: dict[str, Any]) -> None:
        unpacked[event["requestId"]] = unpacked.get(event["requestId"], 0) + event["dataLength"]

    cdp.on("Network.loadingFinished", finished)
    cdp.on("Network.dataReceived", received)
    cdp.send("Network.emulateNetworkConditions", _LINE)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    page.goto(url, wait_until="load")
    page.wait_for_timeout(300)  # until the last event about the last file is here
    figures = {
        "requests": len(transferred),
        "kilobytes": round(sum(unpacked.values()) / 1000, 1),
        "transferred_kilobytes": round(sum(transferred.values()) / 1000, 1),
    }
    page.wait_for_timeout(1.4 * quiet_ms)
    times = page.evaluate(_TIMES)
    context.close()
    first_paint = times["first"] or times["loaded"]
    usable = interactive(first_paint, times["loaded"], times["long"], quiet_ms)
    return figures | {"first_paint_ms": round(first_paint), "usable_ms": round(usable)}


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
