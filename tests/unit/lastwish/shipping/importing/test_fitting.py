import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.events import WishAccepted, WishHeld, WishRejected
from frontend.submission import read_body
from lastwish.shipping.importing.fitting import Rules, Unfit, wish_id_of
from lastwish.shipping.importing.mapping import FieldOf, TimeOf
from tests.support.importing import MAPPING, NOW, RULES, fitter, row
from tests.support.strategies import repeated, typed
from web.problems import Problem


@given(typed | repeated, typed | st.none())
@example("\x1f\x1f¡" * 453, None)  # above 8 KiB only where each letter is an escape
def test_a_row_becomes_the_event_that_the_same_text_would_if_it_were_posted(message: str, name: str | None) -> None:
    wish = {"message": message, "name": name, "destination": "mars"}
    body = json.dumps(wish, ensure_ascii=False).encode(errors="surrogatepass")  # as browsers write it: so it is as long
    try:
        posted = read_body(body, "application/json", None, uuid4()).event
    except Problem:
        posted = None
    try:
        submitted = fitter().fit(row(message, name=name)).submitted
    except Unfit as error:
        assert posted is None or "UTF-8" in str(error) or "bytes" in str(error)  # noqa: PT017
    else:
        assert submitted == posted


@given(typed)
def test_a_reason_quotes_nothing_of_the_row(words: str) -> None:
    text = f"§§{words}"  # which no reason has by itself
    for damaged in (row(b"no text"), row(time=text), row(destination=text), row(600 * text), row(key=(text, None))):
        with pytest.raises(Unfit) as caught:
            fitter().fit(damaged)
        assert "§" not in str(caught.value)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_ids_follow_from_the_key_alone(key: str, other: str) -> None:
    first = fitter().fit(row(key=(key,)))
    again = fitter().fit(row("Another text", key=(key,), time="2020-02-02"))
    assert first.wish_id == again.wish_id == wish_id_of("letters", [key])
    assert first.envelope.id == again.envelope.id
    assert UUID(first.wish_id).version == 5
    assert (wish_id_of("letters", [other]) == first.wish_id) == (other == key)
    assert wish_id_of("cards", [key]) != first.wish_id


def test_a_key_of_two_columns_is_not_their_texts_in_one() -> None:
    assert wish_id_of("letters", ["a", "bc"]) != wish_id_of("letters", ["ab", "c"])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"message": None}, "message: This must be text."),
        ({"message": 7.5}, "message: This must be text."),
        ({"message": float("nan")}, "message: This must be text."),
        ({"message": b"\xff"}, "message: This must be text."),
        ({"message": "\x00\u200b"}, "message: This must be 1 to 500 characters long."),
        ({"message": "x" * 10_000_000}, "message: A wish is at most 8192 bytes."),
        ({"message": "caf\udce9"}, "text: This is not UTF-8."),
        ({"name": "n" * 61}, "name: This must be at most 60 characters long."),
        ({"destination": "X"}, "destination: The mapping's values have nothing for this."),
        ({"destination": None}, "destination: The mapping's values have nothing for this."),
        ({"key": (None,)}, "key: There is none, as in a line that is no JSON in UTF-8."),
        ({"key": ("\udce9",)}, "key: This is not UTF-8."),
        ({"time": None}, "time: This is no time of the mapping's format."),
        ({"time": "infinity"}, "time: This is no time of the mapping's format."),
        ({"time": "290309-12-22 (BC) 00:00:00"}, "time: This is no time of the mapping's format."),
        ({"time": "0001-01-01T00:00:00+23:59"}, "time: This is before 1970 or in the future."),
        ({"time": "1969-12-31T23:59:59"}, "time: This is before 1970 or in the future."),
        ({"time": "9999-12-31T23:59:59-23:59"}, "time: This is before 1970 or in the future."),
    ],
)
def test_what_does_not_fit_says_why(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unfit) as caught:
        fitter().fit(row(**changes))
    assert str(caught.value) == reason


@pytest.mark.parametrize("text", ["nan", "inf", "1e400", "99999999999999999", "", "½"])
@pytest.mark.parametrize("form", ["epoch_s", "epoch_ms"])
def test_a_number_that_is_no_time_does_not_fit(form: str, text: str) -> None:
    mapping = MAPPING.model_copy(update={"time": TimeOf(column="created_at", format=form)})
    with pytest.raises(Unfit, match="time: "):
        fitter(mapping).fit(row(time=text))


def test_a_key_that_others_have_does_not_fit() -> None:
    with pytest.raises(Unfit, match="Other rows have the same"):
        fitter(duplicates=frozenset({("7",)})).fit(row())


@given(st.datetimes(datetime(1970, 1, 2), datetime(2044, 12, 30)))  # noqa: DTZ001
def test_every_format_gives_the_same_time_to_the_millisecond(moment: datetime) -> None:
    stored = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    since = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    texts = {
        "iso": moment.isoformat(),
        "epoch_s": str(since // timedelta(seconds=1)),
        "epoch_ms": str(since // timedelta(milliseconds=1)),
        "%d.%m.%Y %H:%M:%S.%f": f"{moment:%d.%m.}{moment.year:04} {moment.time().isoformat('microseconds')}",
    }
    for form, text in texts.items():
        mapping = MAPPING.model_copy(update={"time": TimeOf(column="created_at", format=form)})
        wanted = stored.replace(microsecond=0) if form == "epoch_s" else stored
        assert fitter(mapping).fit(row(time=text)).envelope.time == wanted


def test_a_time_without_a_zone_is_one_of_the_mappings_zone() -> None:
    mapping = MAPPING.model_copy(update={"time": TimeOf(column="created_at", zone="Asia/Tokyo")})
    assert fitter(mapping).fit(row(time="2019-01-01")).envelope.time == datetime(2018, 12, 31, 15, tzinfo=UTC)
    assert fitter(mapping).fit(row(time="2019-01-01T00:00Z")).envelope.time == datetime(2019, 1, 1, tzinfo=UTC)


def test_the_parsers_rules_decide() -> None:
    assert isinstance(fitter().fit(row()).verdict, WishAccepted)
    assert fitter().fit(row("damn")).held == WishHeld(reason="word")
    assert fitter().fit(row("https://a.example")).verdict == WishRejected(reason="only-links")
    closed = fitter(rules=Rules(frozenset({"mars"}), RULES.words))
    assert closed.fit(row()).verdict == WishRejected(reason="boarding-closed")


def test_markup_becomes_inert_text() -> None:
    assert fitter().fit(row("<script>alert(1)</script>")).submitted.message == "&lt;script&gt;alert(1)&lt;/script&gt;"


def test_constants_stand_for_columns() -> None:
    changes = {"destination": FieldOf(constant="jupiter"), "name": FieldOf(constant="")}
    wish = fitter(MAPPING.model_copy(update=changes)).fit(row(destination="jupiter", name=""))
    assert (wish.submitted.destination, wish.submitted.name) == ("jupiter", None)


def test_a_wish_carries_its_origin_and_its_own_time() -> None:
    envelope = fitter().fit(row()).envelope
    assert (envelope.correlationid, envelope.time) == ("import:letters", datetime(2019, 1, 1, tzinfo=UTC))
    assert envelope.time < NOW


def test_a_batch_has_an_origin_of_its_own_and_the_same_ids() -> None:
    wish = fitter(MAPPING.model_copy(update={"batch": "2019-07"})).fit(row())
    assert (wish.envelope.correlationid, wish.wish_id) == ("import:letters:2019-07", fitter().fit(row()).wish_id)
