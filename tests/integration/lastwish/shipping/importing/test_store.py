"""Imported wishes in the stores of a stack: like any others, and told apart by the audit."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from domain.commit import stream_of
from domain.wish import EraseWish
from infra.aggregate import Cause, execute
from lastwish.commands.import_ import _lines
from lastwish.errors import Busy, UsageError
from lastwish.local.proxy.ledger import read
from lastwish.maintenance.audit import audit
from lastwish.maintenance.history import history
from lastwish.maintenance.reclaim import reclaim
from lastwish.maintenance.stores import Stores
from lastwish.shipping.importing.fitting import Rules, wish_id_of
from lastwish.shipping.importing.run import compare, facts, load, rules_of
from lastwish.shipping.importing.sources import open_source
from lastwish.shipping.importing.work import SCRATCH, Work
from lastwish.shipping.importing.writers import StoreWriter
from tests.support.chain import Chain, Quiet
from tests.support.importing import MAPPING, NOW, RULES, letters, write_sqlite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_sqlite(
        tmp_path / "a.db", [*letters(9), (10, "x", "M", "<", "2019-01-01"), (11, "y", "M", "", "2019-01-01")]
    )


def imported(
    chain: Chain, path: Path, folder: Path, *, restart: bool = False, rules: Rules = RULES, batch: str = ""
) -> dict[str, Any]:
    old = open_source(str(path), MAPPING.model_copy(update={"batch": batch}), folder / SCRATCH)
    with Work(folder, {}, restart=restart) as work:
        load(old, rules, StoreWriter(chain.stores, work, at_once=3), work, Quiet())
        return facts(work) | compare(work, old, chain.stores.commits())


def id_of(number: int) -> str:
    return wish_id_of("letters", [str(number)])


def test_each_row_that_fits_is_a_wish_and_the_others_are_named(chain: Chain, path: Path, tmp_path: Path) -> None:
    done = imported(chain, path, tmp_path / "work")
    assert (done["rows"], done["wishes"], done["rejected"], done["equal"]) == (11, 10, 1, True)
    assert done["outcomes"] == {"jupiter_boarded": 3, "mars_boarded": 7}
    [reason] = done["reasons"]
    assert reason == {"reason": "message: This must be 1 to 500 characters long.", "count": 1, "at": ["row 11"]}
    [reject] = (tmp_path / "work" / "rejects.jsonl").read_text().splitlines()
    assert reject == '{"row": 11, "key": ["11"], "reason": "message: This must be 1 to 500 characters long."}'


def test_a_commit_tells_its_origin_and_the_time_of_the_old_row(chain: Chain, path: Path, tmp_path: Path) -> None:
    imported(chain, path, tmp_path / "work")
    [commit] = history(chain.stores, id_of(7))
    assert (commit["correlation_id"], commit["trace_id"]) == ("import:letters", None)
    assert commit["events"][0] == {"type": "lastwish.wish.submitted.v1", "time": "2019-01-01T00:00:07.000Z"}
    assert {each["time"] for each in commit["events"][1:]} == {commit["time"]}


def test_importing_again_changes_nothing(chain: Chain, path: Path, tmp_path: Path) -> None:
    imported(chain, path, tmp_path / "work")
    before = chain.texts()
    assert imported(chain, path, tmp_path / "work")["rows"] == 11
    done = imported(chain, path, tmp_path / "work", restart=True)
    assert (done["outcomes"], done["equal"]) == ({"stored_before": 10}, True)
    assert chain.texts() == before


def test_the_audit_asks_for_no_promise_but_for_all_else(chain: Chain, path: Path, tmp_path: Path) -> None:
    chain.send(2)
    imported(chain, path, tmp_path / "work")
    chain.project()
    report = audit(chain.stores, partial(read, chain.ledger), settle=0)
    assert (report.ok, report.accepted, report.imported, report.unpromised) == (True, 2, 10, 0)


def test_a_wish_that_only_says_that_it_was_imported_needs_a_promise(chain: Chain, path: Path, tmp_path: Path) -> None:
    imported(chain, path, tmp_path / "work")
    chain.project()
    key = {"stream": {"S": f"wish#{id_of(1)}"}, "version": {"N": "1"}}
    chain.aws.dynamodb.update_item(
        TableName="EventStore",
        Key=key,
        UpdateExpression="SET commit_id = :x",
        ExpressionAttributeValues={":x": {"S": "x"}},
    )
    assert [(each.kind, each.wish_id) for each in chain.differences()] == [("unpromised", id_of(1))]


def test_who_finds_no_seat_waits_in_the_order_of_the_source(
    chain: Chain, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.resize(monkeypatch, mars=2)
    done = imported(chain, path, tmp_path / "work")
    assert done["outcomes"] == {"jupiter_boarded": 3, "mars_boarded": 2, "mars_waitlisted": 5}
    chain.resize(monkeypatch, mars=100)
    assert reclaim(chain.stores, wait=0).boarded == 5
    numbers = [chain.status(id_of(n))[1] for n in (1, 2, 4, 5, 7, 8, 10)]
    assert numbers == [1, 2, 3, 4, 5, 6, 7]


def test_the_rules_of_the_parser_decide(chain: Chain, path: Path, tmp_path: Path) -> None:
    rules = rules_of({"CLOSED_DESTINATIONS": " mars, ", "HELD_WORDS": "garden"})
    done = imported(chain, path, tmp_path / "work", rules=rules)
    assert done["outcomes"] == {"held": 3, "jupiter_boarded": 3, "mars_rejected": 7}


def test_an_erased_wish_stays_erased_and_counts(chain: Chain, path: Path, tmp_path: Path) -> None:
    imported(chain, path, tmp_path / "work")
    chain.project()
    erase(chain.stores, id_of(4))
    chain.project()
    again = imported(chain, path, tmp_path / "work", restart=True)
    assert (again["equal"], chain.status(id_of(4))[0]) == (True, "erased")
    assert "Water garden 4" not in chain.texts()


def erase(stores: Stores, wish_id: str) -> None:
    """Append the fact and take the text out of the commit: the projector does the rest."""
    execute(stores.events, wish_id, EraseWish(), Cause("erase", "operator", NOW))
    for commit in stores.events.read(stream_of(wish_id)):
        stores.events.scrub(commit)


def test_a_row_that_changed_after_its_import_is_seen(chain: Chain, path: Path, tmp_path: Path) -> None:
    imported(chain, path, tmp_path / "work")
    rows = letters(9)
    rows[3] = (4, "Writer 4", "M", "Another wish", "2019-01-01T00:00:04")
    path.unlink()
    done = imported(chain, write_sqlite(path, rows), tmp_path / "work", restart=True)
    assert (done["equal"], done["outcomes"]) == (False, {"stored_before": 8, "stored_otherwise": 1})
    assert "NOT EQUAL: 1 wish stored with other content" in "\n".join(_lines({**done, "compared": done}))


def test_a_row_of_two_batches_is_told_from_one_that_is_missing(chain: Chain, tmp_path: Path) -> None:
    old = write_sqlite(tmp_path / "old.db", letters(4))
    imported(chain, old, tmp_path / "june", batch="june")
    done = imported(chain, old, tmp_path / "july", batch="july")
    assert (done["equal"], done["outcomes"]) == (False, {"stored_otherwise": 4})


def test_batches_come_after_it_and_a_whole_pass_compares_all(chain: Chain, tmp_path: Path) -> None:
    for batch, rows in {"": letters(4), "july": letters(7)[4:]}.items():
        path = write_sqlite(tmp_path / f"old-{batch}.db", rows)
        assert imported(chain, path, tmp_path / f"work-{batch}", batch=batch)["equal"]
    done = imported(chain, write_sqlite(tmp_path / "whole.db", letters(7)), tmp_path / "whole")
    assert (done["equal"], done["outcomes"]) == (True, {"stored_before": 7})


def test_two_imports_do_not_work_in_one_folder(tmp_path: Path) -> None:
    work = Work(tmp_path, {}, restart=False)
    with pytest.raises(Busy, match="another import"):
        Work(tmp_path, {}, restart=False)
    work.close()
    Work(tmp_path, {}, restart=False).close()


def test_a_folder_belongs_to_one_source_and_mapping(tmp_path: Path) -> None:
    work = Work(tmp_path, {"source": "a", "mapping": 1}, restart=False)
    work.save()
    work.close()
    with pytest.raises(UsageError, match="another mapping"):
        Work(tmp_path, {"source": "a", "mapping": 2}, restart=False)
    Work(tmp_path, {"source": "a", "mapping": 2}, restart=True).close()


def test_a_damaged_checkpoint_is_a_plain_line(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.json").write_text('{"about"')
    with pytest.raises(UsageError, match="damaged"):
        Work(tmp_path, {}, restart=False)
