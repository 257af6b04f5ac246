"""Debian's Chromium, as the tests, the pictures and the bench start it."""

import shutil

# No window, no sandbox (CI runs as root), and nothing that calls home.
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
_SHELL = "chromium-headless-shell"


def chromium() -> str | None:
    """Return the path of this machine's Chromium, the one that people use if there is one; None without any."""
    return _first("chromium", "chromium-browser", "google-chrome", _SHELL)


def quick_chromium() -> str | None:
    """Return the same engine without the user interface, which costs about half the CPU a page, or any Chromium."""
    return _first(_SHELL) or chromium()


def _first(*names: str) -> str | None:
    return next(filter(None, map(shutil.which, names)), None)
