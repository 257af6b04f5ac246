"""axe-core, which says of a page what some people could not use."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def violations(page: Page, **options: Any) -> list[tuple[str, list[str]]]:
    """Return each rule that the page breaks, with the elements that break it. ``options`` are those of axe."""
    found = Axe().run(page, options=options or None).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
