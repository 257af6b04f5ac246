"""Hooks of schemathesis, which its command line loads: what no schema can say about this service.

CONTRACT_VALUES is a JSON object of values that exist, by the name of a path parameter.
"""

import json
import os
import re
from typing import Any
from zlib import crc32

import schemathesis

from frontend.sanitise import normalise
from frontend.submission import MAX_MESSAGE, MAX_NAME

_EXISTING: dict[str, list[str]] = json.loads(os.environ.get("CONTRACT_VALUES", "{}"))
_WELL_FORMED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|1-[0-9a-f]{8}-[0-9a-f]{24}")
_LENGTHS = {"message": range(1, MAX_MESSAGE + 1), "name": range(MAX_NAME + 1)}


@schemathesis.hook
def map_path_parameters(_context: Any, values: dict[str, Any] | None) -> dict[str, Any] | None:
    """Put something that exists in the place of two thirds of the made-up ids: those lead to a 404."""
    for name, value in (values or {}).items():
        there, dice = _EXISTING.get(name), crc32(str(value).encode(errors="replace"))
        if values and there and dice % 3 and (name == "file" or _WELL_FORMED.fullmatch(str(value).lower())):
            values[name] = there[dice % len(there)]
    return values


@schemathesis.hook
def filter_body(_context: Any, body: Any) -> bool:
    """Leave out a text whose length is allowed before normalising and not after it, or the other way round."""
    texts = {name: body.get(name) for name in _LENGTHS} if isinstance(body, dict) else {}
    return all(
        (len(text) in _LENGTHS[name]) == (len(normalise(text)) in _LENGTHS[name])
        for name, text in texts.items()
        if isinstance(text, str)
    )
