"""Every text of the pages: those that a page has, and those that its scripts load."""

import json
from typing import Any

from tests.support import ROOT


def every_text(lang: str) -> dict[str, Any]:
    """Return all texts in one language, by their part."""
    files = [json.loads(path.read_text()) for path in (ROOT / "src/web/texts").glob(f"*{lang}.json")]
    return {part: words for parts in files for part, words in parts.items()}
