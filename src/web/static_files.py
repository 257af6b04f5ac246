"""Files that pages load: scripts, styles, pictures and texts, each also under a name with the hash of its content."""

import hashlib
import re
from functools import cache
from pathlib import Path

from web import problems

_WEB = Path(__file__).parent
_ONE_YEAR = "public, max-age=31536000, immutable"
# Comments, of which one after code has no quote, or it might be part of a string; and imports.
_REWRITTEN = re.compile(r'''^ *//.*| +//[^"'`\n]*$|/\*[^*]*\*/|"\./([\w-]+\.js)"''', re.MULTILINE)
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml"}


def read_asset(file: str) -> tuple[str, str, str]:
    """Return body, media type and cache control of a file by its name, with any hash or none.

    A page from before a deployment gets today's file. Raises Problem 404 for any other name.
    """
    stem, _, suffix = file.rpartition(".")
    name = f"{stem.partition('.')[0]}.{suffix}"
    if name not in _files():
        raise problems.not_found()
    current, body = _files()[name]
    return body, _MEDIA_TYPES[f".{suffix}"] + "; charset=utf-8", _ONE_YEAR if file == current else "public, max-age=60"


def asset_path(name: str) -> str:
    """Return the path of a file below the base URL, with its hash: ``assets/form.1a2b3c4d.js``."""
    return f"assets/{_files()[name][0]}"


@cache
def _files() -> dict[str, tuple[str, str]]:
    """Each file by its plain name: its name with a hash, and its content."""
    return {path.name: _hashed(path) for path in _WEB.glob("*/*") if path.suffix in _MEDIA_TYPES}


@cache
def _hashed(path: Path) -> tuple[str, str]:
    """Return a file's hashed name and its content, in which scripts import others by their hashed names.

    So all files of a page are of one deployment. They travel without their comments. The empty lines stay, so that
    an error names the line of the source.
    """
    text = path.read_text("utf-8")
    body = _REWRITTEN.sub(lambda match: f'"./{_hashed(path.parent / match[1])[0]}"' if match[1] else "", text)
    return f"{path.stem}.{hashlib.sha256(body.encode()).hexdigest()[:8]}{path.suffix}", body
