"""An old table goes into a real stack, by the command as it is typed; it is killed twice on the way.

The long form: IMPORT_ROWS=20000 .venv/bin/pytest tests/e2e/test_import.py
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.importing import MAPPING_FILE, letters, write_parquet, write_sqlite
from tests.support.laptop import Stack, wait_until

ROWS = int(os.environ.get("IMPORT_ROWS", "600"))
FORMS: dict[str, tuple[Callable[[Path, Any], Path], list[str]]] = {
    "old.db": (write_sqlite, []),
    "old.parquet": (write_parquet, ["--no-rebuild"]),  # the projector alone
}


def rows_done(work: Path) -> int:
    """Return how far the checkpoint is."""
    try:
        return int(json.loads((work / "checkpoint.json").read_text())["state"]["rows"])
    except FileNotFoundError:
        return 0


@pytest.mark.parametrize("form", FORMS)
def test_it_is_killed_twice_goes_on_and_ends_audited(stack: Stack, tmp_path: Path, form: str) -> None:
    assert stack.run("reset").returncode == 0
    write, more = FORMS[form]
    source, work, mapping = str(write(tmp_path / form, letters(ROWS))), tmp_path / "work", tmp_path / "letters.toml"
    mapping.write_text(MAPPING_FILE)
    typed = ["import", source, "--mapping", str(mapping), "--work", str(work), "--json", *more]
    for reached in (1, ROWS // 2):
        process = stack.laptop.start(*typed)
        assert wait_until(lambda reached=reached: rows_done(work) >= reached)
        process.kill()
        process.communicate()
        assert rows_done(work) < ROWS
    done = stack.run(*typed)
    report = json.loads(done.stdout)
    assert (done.returncode, report["ok"], report["wishes"], report["rejected"]) == (0, True, ROWS, 0)
    assert report["compared"]["source"]["checksum"] == report["compared"]["stored"]["checksum"]
    assert (report["audit"]["imported"], report["audit"]["differences"]) == (ROWS, [])
    assert sorted(seats(stack, "mars")) == seats(stack, "mars")
    again = json.loads(stack.run(*typed, "--restart").stdout)
    assert (again["ok"], again["outcomes"]) == (True, {"stored_before": ROWS})


def seats(stack: Stack, ship: str) -> list[int]:
    """Return the seats of a ship in the order of the rows: each has its number in its text."""
    found = []
    pages = stack.aws("dynamodb").get_paginator("scan").paginate(TableName=stack.outputs["EventStoreName"])
    for item in [item for page in pages for item in page["Items"]]:
        submitted, _, boarded, _ = (each["M"]["data"]["M"] for each in item["events"]["L"])
        if submitted["destination"]["S"] == ship:
            row = int(submitted["message"]["S"].removeprefix("Water garden "))
            found.append((row, int(boarded["seat"]["N"])))
    return [seat for _, seat in sorted(found)]
