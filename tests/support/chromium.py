"""Debian's Chromium, as the tests, the pictures and the bench start it."""

import shutil

# No window, no sandbox (CI runs as root), and nothing that calls home.
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def chromium() -> str | None:
    """Where this machine has a Chromium; None where it has none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
