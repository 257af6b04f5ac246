import html
import json
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.envelope import read_envelope
from frontend.sanitise import normalise
from frontend.submission import MAX_BYTES, Submission, read_body
from tests.support.samples import KEY, envelope
from tests.support.strategies import damaged, is_sendable, json_texts, repeated, typed
from web.problems import Problem

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
GOOD = {"message": "Look after my dog", "destination": "mars"}


def send(fields: Any, key: str | None = None) -> Submission:
    return read_body(json.dumps(fields).encode(), JSON, key, uuid4())


def refusal(body: bytes, content_type: str = JSON, key: str | None = None) -> Problem:
    with pytest.raises(Problem) as raised:
        read_body(body, content_type, key, uuid4())
    return raised.value


def status_of(body: bytes, content_type: str, key: str | None) -> int:
    """Return the status of the problem document; 202 where there is no problem."""
    try:
        read_body(body, content_type, key, uuid4())
    except Problem as problem:
        return int(json.loads(problem.body())["status"])
    return 202


def failing_fields(fields: Any) -> list[str]:
    problem = refusal(json.dumps(fields).encode())
    assert problem.status == HTTPStatus.UNPROCESSABLE_ENTITY
    return [error["field"] for error in problem.errors]


def test_json_and_form_give_the_same_wish() -> None:
    form = read_body(b"message=Look+after+my+dog&destination=mars", FORM, KEY, uuid4())
    assert form == send(GOOD, KEY)


def test_the_same_key_and_payload_are_one_wish() -> None:
    assert send(GOOD, KEY).wish_id == send({**GOOD, "message": "  Look after my dog\u200b"}, KEY.upper()).wish_id


def test_a_key_reused_for_another_text_is_another_wish() -> None:
    assert send(GOOD, KEY).wish_id != send({**GOOD, "message": "Look after my cat"}, KEY).wish_id


def test_without_a_key_every_wish_is_new() -> None:
    first, second = send(GOOD), send(GOOD)
    assert first.wish_id != second.wish_id
    assert UUID(first.wish_id).version == 4


def test_a_form_may_carry_the_key() -> None:
    body = f"message=Look+after+my+dog&destination=mars&idempotency_key={KEY}".encode()
    assert read_body(body, FORM, None, uuid4()).wish_id == send(GOOD, KEY).wish_id


def test_an_empty_key_field_is_no_key() -> None:
    body = b"message=x&destination=mars&idempotency_key="
    assert read_body(body, FORM, None, uuid4()).wish_id != read_body(body, FORM, None, uuid4()).wish_id


def test_a_form_with_a_good_key_in_the_header_and_a_bad_one_in_the_field_is_refused() -> None:
    assert refusal(b"message=x&destination=mars&idempotency_key=seven", FORM, KEY).status == 400


def test_a_form_without_a_key_takes_the_fallback_key() -> None:
    body = b"message=Look+after+my+dog&destination=mars"
    assert read_body(body, FORM, None, UUID(KEY)).wish_id == send(GOOD, KEY).wish_id


def test_json_without_a_key_does_not_take_the_fallback_key() -> None:
    assert read_body(json.dumps(GOOD).encode(), JSON, None, UUID(KEY)).wish_id != send(GOOD, KEY).wish_id


def test_an_empty_name_is_no_name() -> None:
    assert send({**GOOD, "name": " "}).event.name is None


@pytest.mark.parametrize(("length", "fits"), [(1, True), (500, True), (501, False)], ids=["one", "longest", "too long"])
def test_a_message_has_1_to_500_code_points(length: int, fits: bool) -> None:
    fields = {**GOOD, "message": "😀" * length}
    if fits:
        assert send(fields).event.message == "😀" * length
    else:
        assert failing_fields(fields) == ["message"]


def test_lengths_are_measured_before_escaping() -> None:
    assert send({**GOOD, "message": "&" * 500, "name": "<" * 60}).event.message == "&amp;" * 500


@pytest.mark.parametrize(
    ("fields", "failing"),
    [
        ({}, ["message", "destination"]),
        ({**GOOD, "message": ""}, ["message"]),
        ({**GOOD, "message": " \u200b\n"}, ["message"]),
        ({**GOOD, "message": 7}, ["message"]),
        ({**GOOD, "message": None}, ["message"]),
        ({**GOOD, "destination": "earth"}, ["destination"]),
        ({**GOOD, "destination": "Mars"}, ["destination"]),
        ({**GOOD, "destination": ["mars"]}, ["destination"]),
        ({**GOOD, "name": "n" * 61}, ["name"]),
        ({**GOOD, "name": {}}, ["name"]),
        ({**GOOD, "admin": True}, ["admin"]),
        ({**GOOD, "idempotency_key": KEY}, ["idempotency_key"]),
        ([GOOD], ["body"]),
        ("text", ["body"]),
        (None, ["body"]),
    ],
)
def test_a_422_names_the_failing_fields(fields: Any, failing: list[str]) -> None:
    assert failing_fields(fields) == failing


def test_a_refusal_never_repeats_the_value() -> None:
    problem = refusal(json.dumps({**GOOD, "destination": "<script>", "message": "secret" * 100}).encode())
    assert "script" not in problem.body()
    assert "secret" not in problem.body()


@pytest.mark.parametrize(
    ("body", "content_type", "key", "status"),
    [
        (b"{", JSON, None, 400),
        (b"", JSON, None, 400),
        (b"\xff", JSON, None, 400),
        (b"[" * 8000, JSON, None, 400),
        (b"message=%ff&destination=mars", FORM, None, 400),
        (json.dumps(GOOD).encode(), JSON, "not-a-uuid", 400),
        (json.dumps(GOOD).encode(), JSON, "", 400),
        (json.dumps(GOOD).encode(), JSON, "{" + KEY + "}", 400),
        (b"&".join(b"f%d=1" % n for n in range(30)), FORM, None, 400),
        (b"x" * (MAX_BYTES + 1), JSON, None, 413),
        (b"x" * (MAX_BYTES + 1), "text/plain", None, 413),
        (b"hello", "text/plain", None, 415),
        (b"{}", "", None, 415),
        (b"x", "multipart/form-data; boundary=x", None, 415),
        (b"message=a&message=b&destination=mars", FORM, None, 422),
        (b'{"message": "a", "message": "b", "destination": "mars"}', JSON, None, 422),
        (json.dumps(GOOD).encode("utf-16-le"), JSON, None, 400),
    ],
)
def test_an_unreadable_body_is_refused(body: bytes, content_type: str, key: str | None, status: int) -> None:
    assert refusal(body, content_type, key).status == status


def test_a_body_of_exactly_the_bound_is_read() -> None:
    padding = " " * (MAX_BYTES - len(json.dumps(GOOD)))
    assert (
        read_body((json.dumps(GOOD) + padding).encode(), f"{JSON}; charset=utf-8", None, uuid4()).event.destination
        == "mars"
    )


def _utf8(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


_forms = st.dictionaries(st.one_of(st.sampled_from([*GOOD, "name", "idempotency_key"]), typed), typed, max_size=6).map(
    lambda fields: urlencode(fields, errors="surrogatepass")
)


@given(
    st.one_of(st.binary(), st.one_of(json_texts, damaged(GOOD), _forms).map(_utf8)),
    st.sampled_from([JSON, FORM, "text/plain"]),
    st.none() | typed,
)
def test_any_body_is_a_wish_or_a_problem(body: bytes, content_type: str, key: str | None) -> None:
    assert status_of(body, content_type, key) in {202, 400, 413, 415, 422}


@given(message=repeated, name=typed)
def test_a_wish_is_taken_by_its_code_points_and_travels_as_it_was_typed(message: str, name: str) -> None:
    fields = {**GOOD, "message": message, "name": name}
    assume(len(json.dumps(fields)) <= MAX_BYTES)
    message, name = normalise(message), normalise(name)
    too_long = ["message"] * (not 1 <= len(message) <= 500) + ["name"] * (len(name) > 60)
    if too_long:
        assert failing_fields(fields) == too_long
        return
    event = send(fields).event
    body = envelope(event).model_dump_json()
    assert is_sendable(body)
    assert read_envelope(body).event() == event
    assert (html.unescape(event.message or ""), html.unescape(event.name or "")) == (message, name)
