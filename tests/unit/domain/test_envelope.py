import json
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.envelope import Envelope, read_envelope, read_story, timestamp, write_story
from domain.errors import MalformedMessage
from domain.events import WishAccepted, WishSubmitted
from tests.support.samples import NOON, WISH_ID, envelope, sample, story, submitted
from tests.support.strategies import damaged_envelopes, damaged_stories, envelopes, is_sendable, json_texts

SECRET = "my secret"


def test_an_envelope_is_read_as_it_was_written() -> None:
    sent = envelope(submitted("世界 &amp; &lt;"))
    assert read_envelope(sent.model_dump_json()) == sent
    assert sent.event() == submitted("世界 &amp; &lt;")


def test_a_story_is_read_as_it_was_written() -> None:
    assert read_story(write_story(story())) == story()


def test_the_same_event_of_a_wish_has_the_same_id() -> None:
    later = Envelope.of(
        submitted(), source="x", wish_id=WISH_ID, time=NOON + timedelta(seconds=9), correlation_id="other"
    )
    assert later.id == envelope(submitted()).id != envelope(WishAccepted()).id


def test_times_are_utc_with_milliseconds() -> None:
    assert timestamp(NOON) == "2045-01-01T12:00:00.000Z"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "{}",
        json.dumps({**json.loads(envelope(submitted()).model_dump_json()), "subject": "not a uuid"}),
        json.dumps({**json.loads(envelope(submitted()).model_dump_json()), "specversion": "0.3"}),
        json.dumps({**json.loads(envelope(submitted()).model_dump_json()), "time": "0001-01-01T00:00:00+14:00"}),
        json.dumps({**json.loads(envelope(submitted()).model_dump_json()), "correlationid": "a b"}),
        json.dumps({**json.loads(envelope(submitted()).model_dump_json()), "correlationid": ""}),
        json.dumps({**json.loads(envelope(submitted()).model_dump_json()), "correlationid": "世" * 101}),
    ],
)
def test_a_body_without_an_envelope_is_malformed(body: str) -> None:
    with pytest.raises(MalformedMessage):
        read_envelope(body)


@pytest.mark.parametrize("character", ["世", "\0", "\ufffe", "\uffff"], ids=ascii)
def test_a_story_can_be_sent_whatever_is_in_it(character: str) -> None:
    assert is_sendable(write_story([envelope(submitted(character))]))


def test_a_malformed_envelope_is_refused_without_its_text() -> None:
    body = json.dumps({**json.loads(envelope(submitted()).model_dump_json()), "subject": SECRET * 4})
    with pytest.raises(MalformedMessage) as raised:
        read_envelope(body)
    assert str(raised.value) == "subject: Value error, not a UUID in its canonical form"


def test_a_malformed_story_names_the_field_of_which_envelope() -> None:
    good = json.loads(envelope(submitted()).model_dump_json())
    with pytest.raises(MalformedMessage, match=r"^1\.time: Field required$"):
        read_story(json.dumps([good, {name: value for name, value in good.items() if name != "time"}]))


def test_a_story_is_about_one_wish() -> None:
    other = envelope(WishAccepted(), "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c02")
    with pytest.raises(MalformedMessage, match=r"^a story is about exactly one wish$"):
        read_story(write_story([envelope(submitted()), other]))


def test_an_empty_story_is_malformed() -> None:
    with pytest.raises(MalformedMessage):
        read_story("[]")


@given(envelopes())
def test_every_event_is_read_as_it_was_written(sent: Envelope) -> None:
    assert read_envelope(sent.model_dump_json()) == sent
    assert (
        Envelope.of(sent.event(), source="tests", wish_id=WISH_ID, time=sent.time, correlation_id=sent.correlationid)
        == sent
    )


@given(st.lists(envelopes(), min_size=1, max_size=4))
def test_every_story_is_read_as_it_was_written(sent: list[Envelope]) -> None:
    assert read_story(write_story(sent)) == sent


@given(st.one_of(json_texts, damaged_envelopes(envelope(submitted()))))
@example("\ud800")
@example('{"id": "\\ud800"}')
@example("9" * 5000)
@example("[" * 100_000)
def test_any_body_is_an_envelope_or_malformed(body: str) -> None:
    with suppress(MalformedMessage):
        written = read_envelope(body).model_dump_json()
        assert read_envelope(written).model_dump_json() == written
        read_envelope(body).event()


@given(st.one_of(json_texts, damaged_stories(story())))
def test_any_body_is_a_story_or_malformed(body: str) -> None:
    with suppress(MalformedMessage):
        written = write_story(read_story(body))
        assert write_story(read_story(written)) == written


def test_the_sample_events_are_what_the_frontend_sends() -> None:
    body = sample("parser-good-wish")["Records"][0]["body"]
    assert isinstance(read_envelope(body).event(), WishSubmitted)
