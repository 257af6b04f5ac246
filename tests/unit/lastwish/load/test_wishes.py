"""Kinds of wishes, checked with the real frontend, parser and screening."""

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
from lastwish.load.seeded import SeededRandom
from parser.held_words import load_held_words
from web.problems import Problem

MADE = 3000
KEY = "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c01"


def made(kind: str, count: int = MADE) -> list[wishes.Request]:
    random = SeededRandom(1, "texts")
    return [wishes.MAKERS[kind](random) for _ in range(count)]


def read(request: wishes.Request) -> Submission:
    return read_body(request.body, request.content_type, request.key or KEY, UUID(KEY))


def refused_with(request: wishes.Request) -> int:
    with pytest.raises(Problem) as raised:
        read(request)
    return raised.value.status


def test_every_ordinary_wish_is_accepted_and_not_held() -> None:
    words = load_held_words(frozenset())
    for request in made("ordinary"):
        event = read(request).event
        assert isinstance(judge(event, closed=()), WishAccepted)
        assert screen(event, words) is None, event.message


def test_every_hostile_wish_is_accepted() -> None:
    assert len({read(request).wish_id for request in made("hostile")}) > 50


def test_every_hostile_text_of_the_file_is_accepted_with_every_name() -> None:
    hostile = wishes.texts()["hostile"]
    for message in hostile["messages"]:
        for name in hostile["names"]:
            fields = {"message": message, "destination": "mars", "name": name}
            assert read(wishes.Request(json.dumps(fields).encode())).event.message


def test_hostile_wishes_try_markup() -> None:
    assert any(read(request).has_markup for request in made("hostile", 50))


def test_every_oversized_wish_is_too_large() -> None:
    for request in made("oversized", 100):
        assert len(request.body) > MAX_BYTES
        assert refused_with(request) == request.answer == 413


def test_every_malformed_wish_gets_its_expected_answer() -> None:
    answers = Counter()
    for request in made("malformed", 300):
        assert refused_with(request) == request.answer
        answers[request.answer] += 1
    assert set(answers) == {400, 415, 422}


@pytest.mark.parametrize("kind", wishes.MAKERS)
def test_every_body_is_text(kind: str) -> None:
    for request in made(kind, 300):
        assert request.body.decode().encode() == request.body


def test_lengths_are_as_people_write() -> None:
    lengths = [len(json.loads(request.body)["message"]) for request in made("ordinary")]
    assert sum(20 <= length <= 120 for length in lengths) > 0.7 * MADE
    assert sum(length > 200 for length in lengths) > 0.02 * MADE
    assert 0 < sum(length == MAX_MESSAGE for length in lengths) < 0.03 * MADE
    assert max(lengths) == MAX_MESSAGE


def test_mars_and_jupiter_are_62_to_38() -> None:
    destinations = Counter(json.loads(request.body)["destination"] for request in made("ordinary"))
    assert destinations["mars"] / MADE == pytest.approx(0.62, abs=0.03)
    assert destinations["mars"] + destinations["jupiter"] == MADE


def test_six_of_ten_give_their_name() -> None:
    named = sum("name" in json.loads(request.body) for request in made("ordinary"))
    assert named / MADE == pytest.approx(0.6, abs=0.03)


def test_a_crowd_writes_in_many_scripts() -> None:
    text = "".join(json.loads(request.body)["message"] for request in made("ordinary"))
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in set(text)}
    expected = {"LATIN", "HIRAGANA", "KATAKANA", "CJK", "HANGUL", "ARABIC", "HEBREW", "CYRILLIC", "DEVANAGARI", "THAI"}
    assert scripts >= expected
    assert len(wishes.texts()["languages"]) >= 10


def test_the_texts_are_composed_and_their_shares_add_up() -> None:
    for language in wishes.texts()["languages"].values():
        for text in language["wishes"] + language["names"]:
            assert unicodedata.is_normalized("NFC", text), text
    assert sum(language["share"] for language in wishes.texts()["languages"].values()) == 100
