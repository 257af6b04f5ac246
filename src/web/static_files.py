"""Files of ``assets/``: scripts, styles and pictures, each also under a name with the hash of its content."""

import hashlib
import re
from functools import cache
from pathlib import Path

from web import problems

_ASSETS = Path(__file__).parent / "assets"
_ONE_YEAR = "public, max-age=31536000, immutable"
_REWRITTEN = re.compile(r'^ *//.*|/\*[^*]*\*/|"\./([\w-]+\.js)"', re.MULTILINE)  # comments, imports
_MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def read_asset(file: str) -> tuple[str, str, str]:
    """Return body, media type and cache control of a file by its name, with any hash or none.

    A page from before a deployment gets today's file. Raises Problem 404 for any other name.
    """
    stem, _, suffix = file.rpartition(".")
    name = f"{stem.partition('.')[0]}.{suffix}"
    if name not in _files():
        raise problems.not_found()
    current, body = _files()[name]
    return body, _MEDIA_TYPES[f".{suffix}"], _ONE_YEAR if file == current else "public, max-age=60"


def asset_path(name: str) -> str:
    """Return the path of a file below the base URL, with its hash: ``assets/form.1a2b3c4d.js``."""
    return f"assets/{_files()[name][0]}"


@cache
def _files() -> dict[str, tuple[str, str]]:
    """Each file by its plain name: its name with a hash, and its content."""
    return {path.name: _hashed(path.name) for path in _ASSETS.iterdir() if path.suffix in _MEDIA_TYPES}


@cache
def _hashed(name: str) -> tuple[str, str]:
    """Return a file's hashed name and its content, in which scripts import others by their hashed names.

    So all files of a page are of one deployment. They travel without their comments. The empty lines stay, so that
    an error names the line of the source.
    """
    path = _ASSETS / name
    body = _REWRITTEN.sub(lambda match: f'"./{_hashed(match[1])[0]}"' if match[1] else "", path.read_text("utf-8"))
    return f"{path.stem}.{hashlib.sha256(body.encode()).hexdigest()[:8]}{path.suffix}", body
