"""What a page costs a phone: requests, bytes, and how soon it can be used on a slow processor and a slow line.

Each page is loaded cold in Chromium with Lighthouse's mobile conditions (processor four times slower, 1.6 Mbit/s,
150 ms there and back), beside the smallest answer that the same stack gives: ``/health``. "Usable" is Lighthouse's
time to interactive: after it comes a window of five seconds in which no task takes longer than 50 ms.
"""

import time
from statistics import median
from typing import Any

import httpx

from bench.throughput import WISH, BenchFailed
from tests.support.chromium import FLAGS, chromium
from tests.support.laptop import a_stack
from tests.support.sizes import PHONE

BARE = "bare answer (/health)"
SLOWER = 4
_LINE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
_QUIET = 5000.0
_WATCH = """
window.__long = [];
new PerformanceObserver((list) => list.getEntries().forEach((task) => __long.push([task.startTime, task.duration])))
  .observe({ type: "longtask", buffered: true });
"""
_ASK = """() => ({
  first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
  loaded: performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
  long: window.__long,
})"""


def measure(runs: int) -> dict[str, dict[str, float]] | None:
    """Medians by page; None where there is no Chromium."""
    if (path := chromium()) is None:
        return None
    from playwright.sync_api import sync_playwright

    with a_stack() as stack, sync_playwright() as playwright:
        url = stack.url
        paths = {BARE: "health", "form": "", "receipt": _receipt(url), "wall": "wall", "console": "sign-in"}
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        found: dict[str, list[dict[str, float]]] = {name: [] for name in paths}
        for _ in range(runs):
            for name, place in paths.items():
                found[name].append(_load(browser, url + place))
        browser.close()
    return {name: {each: round(median(run[each] for run in of), 1) for each in of[0]} for name, of in found.items()}


def _load(browser: Any, url: str) -> dict[str, float]:
    """One cold load. A page that polls for ever is looked at until it has been quiet."""
    context = browser.new_context(viewport=PHONE, locale="en-GB")
    page = context.new_page()
    page.add_init_script(_WATCH)
    cdp = context.new_cdp_session(page)
    cdp.send("Network.enable")
    sent: dict[str, list[float]] = {}
    body: dict[str, float] = {}
    cdp.on("Network.loadingFinished", lambda event: sent.setdefault(event["requestId"], [event["encodedDataLength"]]))
    cdp.on(
        "Network.dataReceived",
        lambda event: body.update({event["requestId"]: body.get(event["requestId"], 0) + event["dataLength"]}),
    )
    cdp.send("Network.emulateNetworkConditions", _LINE)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(url, wait_until="load")
    page.wait_for_timeout(300)  # until the last event about the last file is here
    requests, transferred, size = len(sent), sum(each[0] for each in sent.values()), sum(body.values())
    page.wait_for_timeout(_QUIET + 2000)
    seen = page.evaluate(_ASK)
    context.close()
    usable = interactive(seen["first"] or seen["loaded"], seen["loaded"], seen["long"])
    return {
        "requests": requests,
        "kilobytes": round(size / 1000, 1),
        "transferred_kilobytes": round(transferred / 1000, 1),
        "first_paint_ms": round(seen["first"] or seen["loaded"]),
        "usable_ms": round(usable),
    }


def interactive(first_paint: float, loaded: float, long_tasks: list[list[float]]) -> float:
    """The end of the last long task (``[start, duration]`` in ms) before the first quiet window behind first paint."""
    usable = first_paint
    for start, duration in sorted(long_tasks):
        if start - usable > _QUIET:
            break
        usable = max(usable, start + duration)
    return max(usable, loaded)


def _receipt(url: str) -> str:
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        link: str = http.post("wishes", json=WISH).json()["links"]["self"]
        for _ in range(200):
            if http.get(link).status_code == 200:
                return link
            time.sleep(0.1)
    raise BenchFailed("the wish whose receipt was to be measured was not stored")
