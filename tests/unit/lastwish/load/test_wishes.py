"""What is sent is what it claims to be: the real frontend, parser and screening are asked."""

import json
import unicodedata
from collections import Counter
from uuid import UUID

import pytest

from domain.events import WishAccepted
from domain.rules import judge
from domain.screening import screen
from frontend.submission import MAX_BYTES, MAX_MESSAGE, Submission, read_body
from lastwish.load import wishes
from lastwish.load.draws import Draws
from parser.held_words import held_words
from web.problems import Problem

DRAWN = 3000
KEY = "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c01"


def drawn(kind: str, times: int = DRAWN) -> list[wishes.Request]:
    draws = Draws(1, "texts")
    return [wishes.MAKERS[kind](draws) for _ in range(times)]


def read(request: wishes.Request) -> Submission:
    return read_body(request.body, request.content_type, request.key or KEY, UUID(KEY))


def refused_with(request: wishes.Request) -> int:
    with pytest.raises(Problem) as raised:
        read(request)
    return raised.value.status


def test_every_ordinary_wish_is_accepted_and_held_by_nobody() -> None:
    words = held_words([])
    for request in drawn("ordinary"):
        event = read(request).event
        assert isinstance(judge(event, closed=()), WishAccepted)
        assert screen(event, words) is None, event.message


def test_every_hostile_wish_is_accepted() -> None:
    assert len({read(request).wish_id for request in drawn("hostile")}) > 50


def test_every_hostile_text_of_the_file_is_accepted_with_every_name() -> None:
    hostile = wishes.texts()["hostile"]
    for message in hostile["messages"]:
        for name in hostile["names"]:
            fields = {"message": message, "destination": "mars", "name": name}
            assert read(wishes.Request(json.dumps(fields).encode())).event.message


def test_hostile_wishes_try_markup() -> None:
    assert any(read(request).has_markup for request in drawn("hostile", 50))


def test_every_oversized_wish_is_too_large() -> None:
    for request in drawn("oversized", 100):
        assert len(request.body) > MAX_BYTES
        assert refused_with(request) == request.answer == 413


def test_every_malformed_wish_gets_the_answer_that_it_claims() -> None:
    found = Counter()
    for request in drawn("malformed", 300):
        assert refused_with(request) == request.answer
        found[request.answer] += 1
    assert set(found) == {400, 415, 422}


@pytest.mark.parametrize("kind", wishes.MAKERS)
def test_every_body_is_text(kind: str) -> None:
    for request in drawn(kind, 300):
        assert request.body.decode().encode() == request.body


def test_lengths_are_as_people_write() -> None:
    lengths = [len(json.loads(request.body)["message"]) for request in drawn("ordinary")]
    assert sum(20 <= length <= 120 for length in lengths) > 0.7 * DRAWN
    assert sum(length > 200 for length in lengths) > 0.02 * DRAWN
    assert 0 < sum(length == MAX_MESSAGE for length in lengths) < 0.03 * DRAWN
    assert max(lengths) == MAX_MESSAGE


def test_mars_and_jupiter_are_62_to_38() -> None:
    to = Counter(json.loads(request.body)["destination"] for request in drawn("ordinary"))
    assert to["mars"] / DRAWN == pytest.approx(0.62, abs=0.03)
    assert to["mars"] + to["jupiter"] == DRAWN


def test_some_give_their_name_and_some_do_not() -> None:
    named = sum("name" in json.loads(request.body) for request in drawn("ordinary"))
    assert named / DRAWN == pytest.approx(0.6, abs=0.03)


def test_a_crowd_writes_in_many_scripts() -> None:
    text = "".join(json.loads(request.body)["message"] for request in drawn("ordinary"))
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in set(text)}
    wanted = {"LATIN", "HIRAGANA", "KATAKANA", "CJK", "HANGUL", "ARABIC", "HEBREW", "CYRILLIC", "DEVANAGARI", "THAI"}
    assert scripts >= wanted
    assert len(wishes.texts()["languages"]) >= 10


def test_the_texts_are_composed_and_their_shares_add_up() -> None:
    for language in wishes.texts()["languages"].values():
        for text in language["wishes"] + language["names"]:
            assert unicodedata.is_normalized("NFC", text), text
    assert sum(language["share"] for language in wishes.texts()["languages"].values()) == 100
