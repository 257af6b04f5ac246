"""Each damage to a good store is seen, named and repaired."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from lastwish.local.proxy.ledger import read
from lastwish.maintenance.audit import Report, audit
from lastwish.maintenance.difference import REPAIRS
from lastwish.maintenance.erase import erase
from lastwish.maintenance.rebuild import Options, rebuild
from tests.support import ROOT
from tests.support import damages as do
from tests.support.chain import Chain, Quiet
from tests.support.evening import STRANGER, WISHES, Evening

type Do = Callable[[Evening], None]


@dataclass(frozen=True)
class Damage:
    """``kinds`` are the differences that the audit finds, ``named`` the wishes that they name.

    ``repair`` is "rebuild", "erase" or "redrive", which the test then runs; else who or what can help.
    """

    name: str
    do: Do
    kinds: str
    named: str = ""
    repair: str = "rebuild"


DAMAGES = [
    Damage(
        "the first two versions of a stream are swapped", do.swap_first, "minutes no-beginning", "hidden", "a backup"
    ),
    Damage("two later versions are swapped", do.swap_later, "order row-differs", "released", "a backup"),
    Damage(
        "two versions are swapped that fold to the same", do.swap_what_folds_to_the_same, "order", "late", "a backup"
    ),
    Damage(
        "a wish's only commit is lost", do.drop_stream, "minutes missing row-without-wish totals", "boarded", "a backup"
    ),
    Damage("a commit in the middle is lost", do.drop_middle, "gap row-ahead", "released", "a backup"),
    Damage("the last commit is lost", do.drop_last, "row-ahead", "hidden", "a backup"),
    Damage(
        "a commit lost its submission",
        do.lose_submission,
        "feed-not-withdrawn minutes no-beginning totals",
        "waiting",
        "a backup",
    ),
    Damage(
        "a commit stands in another stream as well",
        do.move_commit,
        "commit-twice minutes order row-differs row-missing seat-twice totals",
        "boarded waiting",
        "a backup",
    ),
    Damage("a commit cannot be read", do.garble_commit, "minutes totals unreadable", "jovian", "a backup"),
    Damage("a commit has a time without a zone", do.lose_zone, "minutes totals unreadable", "rejected", "a backup"),
    Damage("a commit holds a tag", do.type_tag, "minutes tag totals unreadable", "boarded", "a backup"),
    Damage("erased text is back in its commit", do.unerase_commit, "erased-text", "erased", "erase"),
    Damage("erased text is back in its row", do.unerase_row, "erased-text row-differs", "erased"),
    Damage("erased text is in a dead letter", do.unerase_letter, "also-dead-lettered erased-text", "erased", "erase"),
    Damage(
        "erased text is in an old generation", do.leave_old_row_of_erased, "erased-text old-text", "erased", "erase"
    ),
    Damage("text is in an old generation", do.leave_old_row, "old-text", "boarded"),
    Damage("a generation is left over and live", do.leave_generation, "generation"),
    Damage("nothing writes the generation that is read", do.stop_writing, "generation"),
    Damage("a total is wrong", do.miscount, "totals"),
    Damage("the totals are lost", do.lose_totals, "feed-end news-end totals"),
    Damage("the minutes of an entry are lost", do.lose_minutes, "minutes"),
    Damage("an entry of the feed is lost", do.lose_feed, "feed-hole feed-missing minutes", "boarded jovian waiting"),
    Damage(
        "an entry of the feed is in the wrong bucket",
        do.move_feed,
        "feed-hole feed-missing minutes model-unreadable",
        "boarded jovian waiting",
    ),
    Damage("the feed's end is counted wrong", do.count_past_feed, "feed-end feed-hole"),
    Damage("an entry of the news is lost", do.lose_news, "feed-missing news-hole", "released"),
    Damage("the end of the news is counted wrong", do.count_before_news, "news-end"),
    Damage("a wish is in the feed twice", do.show_twice, "feed-twice", "jovian"),
    Damage("a shown wish is not in the feed", do.show_less, "feed-missing", "jovian"),
    Damage("a held wish is in the feed", do.show_held, "feed-not-withdrawn", "held"),
    Damage("the feed names a wish without a row", do.show_nobody, "feed-without-row", "stranger"),
    Damage("a row is missing", do.lose_row, "feed-without-row row-missing", "waiting"),
    Damage("a row is there twice", do.repeat_row, "row-twice", "boarded"),
    Damage("a row is changed", do.change_row, "row-differs", "boarded"),
    Damage("the version of a row is no number", do.garble_version, "row-differs", "boarded"),
    Damage("a row is about no wish", do.invent_row, "row-without-wish", "stranger"),
    Damage("a row holds a tag", do.tag_row, "row-differs row-tag", "boarded"),
    Damage("an item of the model has no known form", do.garble_model, "model-unreadable"),
    Damage("a seat is held twice", do.sell_twice, "row-differs seat-twice", "boarded released", "a backup"),
    Damage("a seat above the mark is held", do.lower_mark, "seat-above-mark", "late", "by hand"),
    Damage("a seat is held and free", do.free_taken, "seat-free", "boarded", "by hand"),
    Damage(
        "the ledger is truncated", do.truncate_ledger, "unpromised", "waiting jovian rejected held dead", "a backup"
    ),
    Damage("the ledger is emptied", do.empty_ledger, "unpromised", " ".join(WISHES), "a backup"),
    Damage("a line of the ledger is garbled", do.garble_ledger, "record-unreadable unpromised", "boarded", "a backup"),
    Damage("a promised wish is nowhere", do.break_promise, "missing", "stranger", "nothing"),
    Damage("a promised wish may be in a queue", do.hold_up, "in-flight", "stranger", "time"),
    Damage("somebody else reads the dead letters", do.hide_letters, "letters-hidden uncertain", "dead", "time"),
    Damage(
        "a wish is stored without a promise",
        do.store_stranger,
        "commit-twice minutes row-missing totals unpromised",
        "rejected stranger",
        "by hand",
    ),
    Damage("a dead letter is about a wish without a promise", do.bury_stranger, "unpromised", "stranger", "by hand"),
    Damage("a wish is stored and dead-lettered", do.bury_stored, "also-dead-lettered", "boarded", "redrive"),
]

NAMES = {wish_id: kind for kind, wish_id in WISHES.items()} | {STRANGER: "stranger", None: ""}


@pytest.fixture
def evening(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> Evening:
    return Evening.of(chain, monkeypatch)


def audited(evening: Evening) -> Report:
    return audit(evening.chain.stores, partial(read, evening.chain.ledger), settle=0)


def test_an_evening_without_damage_is_well(evening: Evening) -> None:
    report = audited(evening)
    assert report.differences == []
    assert (report.accepted, report.stored, report.dead_lettered) == (10, 9, 1)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_a_damage_is_seen_its_wishes_are_named_and_its_repair_repairs_it(evening: Evening, damage: Damage) -> None:
    damage.do(evening)
    found = audited(evening)
    assert " ".join(sorted({each.kind for each in found.differences})) == damage.kinds
    assert {NAMES[each.wish_id] for each in found.differences} - {""} == set(damage.named.split())
    assert not found.ok
    assert "Secret" not in json.dumps(found.facts())
    match damage.repair:
        case "rebuild":
            assert rebuild(evening.chain.stores, Options(flip=True, wait=0, patience=0), Quiet()).ok
        case "erase":
            assert erase(evening.chain.stores, WISHES[damage.named], patience=20).ok
        case "redrive":
            evening.redrive(WISHES[damage.named])
        case _:
            return
    assert audited(evening).differences == []


def test_every_kind_of_difference_is_in_the_table() -> None:
    assert {kind for damage in DAMAGES for kind in damage.kinds.split()} == REPAIRS.keys()


def test_the_page_about_the_audit_has_both_tables() -> None:
    page = (ROOT / "docs/audit.md").read_text()
    kinds = "".join(f"| `{kind}` | {repair} |\n" for kind, repair in REPAIRS.items())
    rows = "".join(
        f"| {each.name} | {', '.join(f'`{kind}`' for kind in each.kinds.split())} | {'yes' if each.named else ''} "
        f"| {each.repair} |\n"
        for each in DAMAGES
    )
    assert kinds in page, kinds
    assert rows in page, rows
