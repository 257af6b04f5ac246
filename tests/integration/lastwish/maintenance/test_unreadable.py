"""A commit that nobody can read: every command names it, does the rest, and ends with 1."""

import json

import pytest
from typer.testing import CliRunner

from lastwish.cli import app
from lastwish.errors import AwsError, NotYet
from lastwish.maintenance import rebuild
from lastwish.maintenance.erase import erase
from lastwish.maintenance.history import history
from lastwish.maintenance.rebuild import Options
from lastwish.maintenance.reclaim import reclaim
from tests.support.chain import Chain, Quiet, damage

AT_ONCE = Options(wait=0, patience=0)
FLIP = Options(flip=True, wait=0, patience=0)


@pytest.fixture
def damaged(chain: Chain) -> str:
    """Three wishes; the id of the first, whose commit cannot be read."""
    wish_id, *_ = chain.send(3)
    damage(chain.aws, wish_id)
    return wish_id


def test_a_rebuild_names_it_and_readers_keep_the_model_that_has_its_wish(chain: Chain, damaged: str) -> None:
    done = rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    assert done.unreadable == [{"wish_id": damaged, "version": 1, "reason": "KeyError"}]
    assert (done.ok, done.flipped, done.generation, done.commits, done.rows) == (False, False, 1, 2, 2)
    assert chain.row(damaged)


def test_a_rebuild_that_is_told_so_leaves_it_out_and_has_all_others(chain: Chain, damaged: str) -> None:
    done = rebuild.rebuild(chain.stores, FLIP, Quiet())
    assert (done.ok, done.flipped, done.generation) == (False, True, 2)
    assert chain.stores.read_model.totals(2)["mars_boarded"] == 2
    assert {each.wish_id for each in chain.differences()} == {damaged}


def test_two_models_that_both_lack_it_are_not_good_enough(chain: Chain, damaged: str) -> None:
    rebuild.rebuild(chain.stores, FLIP, Quiet())
    done = rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    assert done.checksum_old == done.checksum_new
    assert (done.ok, done.flipped, done.generation) == (False, False, 2)


def test_no_commit_of_its_wish_is_rebuilt_since_the_last_may_have_hidden_it(chain: Chain) -> None:
    erased, _ = chain.send(2)
    erase_without_projector(chain, erased)
    damage(chain.aws, erased, version=2)
    done = rebuild.rebuild(chain.stores, FLIP, Quiet())
    assert [each["version"] for each in done.unreadable] == [2]
    assert (done.commits, done.rows) == (1, 1)


def erase_without_projector(chain: Chain, wish_id: str) -> None:
    with pytest.raises(NotYet):
        erase(chain.stores, wish_id, patience=0)


def test_a_reclaim_frees_no_seat_that_it_may_hold(chain: Chain, damaged: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.worker.seats.lease({"mars": 1, "jupiter": 1})  # a worker died with these
    done = reclaim(chain.stores, 0)
    assert done.unreadable == [{"wish_id": damaged, "version": 1, "reason": "KeyError"}]
    assert (done.ok, done.leaked, done.freed, done.boarded) == (False, 3, 0, 0)
    assert chain.stores.seats.free("mars") == chain.stores.seats.free("jupiter") == []


def test_a_reclaim_still_boards_who_waits_on_seats_that_nobody_had(
    chain: Chain, damaged: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.resize(monkeypatch, mars=3)
    [waiting] = chain.send(1, start=3)
    chain.resize(monkeypatch, mars=4)
    assert reclaim(chain.stores, 0).boarded == 1
    assert chain.status(waiting) == ("boarded", 4)


def test_its_history_has_all_the_rest_and_no_state_after_it(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    erase_without_projector(chain, wish_id)
    damage(chain.aws, wish_id)
    first, second = history(chain.stores, wish_id)
    assert (first["version"], first["unreadable"], first["state"]) == (1, "KeyError", None)
    assert (second["version"], second["events"][0]["type"], second["state"]) == (2, "lastwish.wish.erased.v1", None)


def test_an_erasure_changes_nothing_and_says_why(chain: Chain, damaged: str) -> None:
    before = chain.texts()
    with pytest.raises(AwsError, match=f"version 1 of wish#{damaged}: KeyError"):
        erase(chain.stores, damaged, patience=0)
    assert chain.texts() == before


@pytest.mark.parametrize(
    "command", [["rebuild", "--wait", "0", "--patience", "0"], ["reclaim", "--wait", "0"], ["history"]]
)
def test_each_command_says_so_and_ends_with_1(
    chain: Chain, damaged: str, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lastwish.site.site", lambda _: None)
    monkeypatch.setattr("lastwish.maintenance.stores.stores", lambda _: chain.stores)
    about = [damaged] if command == ["history"] else []
    done = CliRunner().invoke(app, [*command, *about])
    assert done.exit_code == 1
    assert "cannot be read: KeyError" in done.stdout
    done = CliRunner().invoke(app, [*command, *about, "--json"])
    assert done.exit_code == 1
    assert "KeyError" in json.dumps(json.loads(done.stdout))
