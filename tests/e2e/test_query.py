"""`lastwish query` on the stack that runs: what the chain stored and logged, in SQL."""

import json
from pathlib import Path
from typing import Any

from tests.support.laptop import Stack, wait_until

MARKUP = "<b>Tell the axolotls</b> that we are sorry"


def rows(stack: Stack, *args: str) -> list[dict[str, Any]]:
    done = stack.run("query", *args, "--limit", "100000", "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["rows"]
    return found


def test_a_wish_with_markup_is_found_until_after_it_is_erased(stack: Stack, tmp_path: Path) -> None:
    sent = json.loads(stack.run("submit", MARKUP, "--to", "mars", "--json").stdout)["wish_id"]
    # Its function ends after the answer, and CloudWatch has the line then.
    assert wait_until(lambda: sent in [each["wish_id"] for each in rows(stack, "markup")])
    [found] = [each for each in rows(stack, "markup") if each["wish_id"] == sent]
    story = rows(stack, "correlation", found["correlation_id"])
    assert [each["what"] for each in story if each["kind"] == "event"] == ["submitted", "accepted", "boarded", "shown"]
    assert {"frontend", "parser", "worker"} <= {each["kind"] for each in story}

    assert stack.run("erase", sent, "--yes").returncode == 0
    assert stack.run("query", "--export", str(tmp_path / "memory")).returncode == 0
    assert "axolotls" not in stack.laptop.home.joinpath("journal.jsonl").read_text()
    assert b"axolotls" not in b"".join(file.read_bytes() for file in (tmp_path / "memory").rglob("*.parquet"))
    [erased] = [each for each in rows(stack, "markup", "--over", str(tmp_path / "memory")) if each["wish_id"] == sent]
    assert erased == found | {"status": "erased"}
