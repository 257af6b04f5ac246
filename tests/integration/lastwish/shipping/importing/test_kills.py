"""An import that dies at any call goes on where it was: each row once, seats in order, no seat leaked unsaid."""

import json
from pathlib import Path
from typing import Any

import pytest

from lastwish.maintenance.stores import Stores
from lastwish.shipping.importing.fitting import wish_id_of
from lastwish.shipping.importing.run import compare, load
from lastwish.shipping.importing.sources import open_source
from lastwish.shipping.importing.work import SCRATCH, Work
from lastwish.shipping.importing.writers import FilesWriter, StoreWriter, items_in
from tests.support.chain import Chain, Quiet
from tests.support.importing import MAPPING, RULES, letters, write_sqlite

ROWS = 12


class Killed(BaseException):
    """Nothing of ours catches it, as nothing catches kill -9."""


class Death:
    """Ends an import at one of its calls to DynamoDB, before or after it was carried out, and at all that follow."""

    def __init__(self, client: Any) -> None:
        self.left: float = float("inf")
        self.calls = 0
        for event in ("before-send", "after-call"):
            client.meta.events.register_first(f"{event}.dynamodb", self._strike)

    def _strike(self, **_: Any) -> None:
        self.calls += 1
        self.left -= 1
        if self.left < 0:
            raise Killed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_sqlite(tmp_path / "a.db", letters(ROWS))


def store(stores: Stores, path: Path, source: str, folder: Path, *, restart: bool = False) -> StoreWriter:
    old = open_source(str(path), MAPPING.model_copy(update={"source": source}), folder / SCRATCH)
    with Work(folder, {"source": source}, restart=restart) as work:
        writer = StoreWriter(stores, work, at_once=2)
        writer.rows_at_once = 5
        load(old, RULES, writer, work, Quiet())
        assert compare(work, old, stores.commits())["equal"]
        return writer


def seats(chain: Chain, source: str) -> dict[str, list[int]]:
    """Return the seats of a source's wishes by ship, in the order of its rows."""
    found: dict[str, list[int]] = {"mars": [], "jupiter": []}
    for n in range(1, ROWS + 1):
        _, seat = chain.status(wish_id_of(source, [str(n)]))
        found["jupiter" if n % 3 == 0 else "mars"].append(seat or 0)
    return found


def test_killed_at_any_call_it_stores_each_row_once_and_in_order(chain: Chain, path: Path, tmp_path: Path) -> None:
    death, stores = Death(chain.aws.dynamodb), chain.stores
    store(stores, path, "whole", tmp_path / "whole")
    calls, death.calls = death.calls, 0
    leaking = held = 0
    for kill in range(0, calls, 3):
        source, folder = f"killed-{kill}", tmp_path / f"killed-{kill}"
        death.left = kill
        with pytest.raises(Killed):
            store(stores, path, source, folder)
        death.left = float("inf")
        leaking += store(stores, path, source, folder).leaked
        numbers = seats(chain, source)
        assert all(each == sorted(set(each)) and 0 not in each for each in numbers.values())
        held += ROWS
    leaked = sum(stores.seats.marks().values()) - held - ROWS
    assert 0 < leaked <= 5 * leaking  # a block for each time that it says so
    chain.project()
    assert chain.differences() == []


def test_files_are_the_same_after_a_kill(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def files(folder: Path) -> list[Any]:
        old = open_source(str(path), MAPPING, folder / SCRATCH)
        with Work(folder, {}, restart=False) as work:
            writer = FilesWriter(folder / "parts", (5, 99))
            writer.rows_at_once = 5
            load(old, RULES, writer, work, Quiet())
            assert compare(work, old, items_in(folder / "parts"))["equal"]
        return [(item["stream"], _events(item)) for item in items_in(folder / "parts")]

    whole = files(tmp_path / "whole")
    assert len(whole) == ROWS
    replaced, count = Path.replace, [0]

    def die(self: Path, target: Path) -> Path:
        count[0] += 1
        if count[0] in (2, 4):  # a part that nobody noted, and a checkpoint that was not written
            raise Killed
        return replaced(self, target)

    monkeypatch.setattr(Path, "replace", die)
    for _ in range(2):
        with pytest.raises(Killed):
            files(tmp_path / "killed")
    assert files(tmp_path / "killed") == whole


def _events(item: Any) -> str:
    return json.dumps([each["M"]["data"] for each in item["events"]["L"]])
