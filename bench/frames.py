"""Count the frames that Chromium draws of the wall while wishes arrive, beside an empty page in the same run.

The feed's answers are made up here, a page of a hundred wishes at a time, so that no chain takes the processor.
"""

import json
import re
from typing import TYPE_CHECKING, Any

from bench import NotMeasured
from tests.support.chromium import FLAGS, chromium
from tests.support.laptop import Stack

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

WISHES = (200, 1000)
_SECONDS = 4
_SCREEN = {"width": 1920, "height": 1080}
_PAGE = 100
_COUNT = """(seconds) => new Promise((resolve) => {
  let frames = 0;
  const began = performance.now();
  requestAnimationFrame(function next(now) {
    if (now - began >= 1000 * seconds) return resolve((1000 * frames) / (now - began));
    frames += 1;
    requestAnimationFrame(next);
  });
})"""


def measure(stack: Stack, rounds: int) -> dict[str, Any]:
    """Return frames per second, the best of so many rounds, and the ratios to the empty page. Raises NotMeasured."""
    if (path := chromium()) is None:
        raise NotMeasured("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    names = ["empty", *map(str, WISHES)]
    found: dict[str, list[float]] = {name: [] for name in names}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for _ in range(rounds):
            for name in names:
                page = browser.new_page(viewport=_SCREEN)  # type: ignore[arg-type]
                if name == "empty":
                    page.goto(f"{stack.url}health")
                else:
                    _open_wall(page, stack.url, int(name))
                found[name].append(page.evaluate(_COUNT, _SECONDS))
                page.close()
        browser.close()
    best = {name: round(max(of), 1) for name, of in found.items()}
    return {"frames_per_second": best, "ratios": {name: round(best[name] / best["empty"], 2) for name in names[1:]}}


def _open_wall(page: "Page", url: str, wishes: int) -> None:
    """Open the wall with a feed of so many wishes, which come a page after the other. Return when the last has come."""
    given = [0]  # wishes

    def answer(route: "Route") -> None:
        first, given[0] = given[0], min(given[0] + _PAGE, wishes)
        new = [
            {
                "wish_id": f"{number:08}-0000-4000-8000-000000000000",
                "destination": "jupiter" if number % 2 else "mars",
                "name": "Ana",
                "message": f"Water my olive tree, and tell the whales that we are sorry. {number}",
                "shown_at": "2045-01-01T00:00:00+00:00",
            }
            for number in range(first, given[0])
        ]
        body = {"wishes": new, "withdrawn": [], "blank": False, "cursor": f"1-{first}-0", "more": given[0] < wishes}
        route.fulfill(body=json.dumps(body), content_type="application/json")

    page.route(re.compile(r"/wishes\?"), answer)
    page.goto(f"{url}wall")
    while given[0] < wishes:
        page.wait_for_timeout(100)
