"""Files of pinned requirements, as `make lock` writes them."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.support import ROOT
from tests.support.swapped import SWAPS

FILES = sorted(
    [*(ROOT / "requirements").glob("*.txt"), *(ROOT / "src").glob("*/requirements.txt"), *SWAPS.glob("*.txt")]
)
_PIN = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9.-]*)(\[[a-z0-9,-]+\])?==(?P<version>[0-9][^\s;]*)( ; [^\s].*?)?"
    r"(?P<hashes>( --hash=sha256:[0-9a-f]{64})+)"
)


@dataclass(frozen=True)
class Pin:
    """One package at one version, and the hashes of its files."""

    name: str
    version: str
    hashes: frozenset[str]


def pins(file: Path) -> list[Pin]:
    """Return the pins of a file. Raises ValueError for a line that is none: an option, a URL, a pin without a hash."""
    text = re.sub(r" *\\\n *", " ", re.sub(r"^ *#.*\n", "", file.read_text(), flags=re.MULTILINE))
    return [_pin(line) for line in text.splitlines() if line]


def _pin(line: str) -> Pin:
    found = _PIN.fullmatch(line.strip())
    if found is None:
        raise ValueError(f"not a pin with its hashes: {line[:80]}")
    return Pin(found["name"], found["version"], frozenset(found["hashes"].split()))
