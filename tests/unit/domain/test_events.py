import json
from pathlib import Path
from typing import Any

import pytest

from domain.errors import MalformedMessage
from domain.events import EVENT_TYPES, WishAccepted, WishRejected, WishSubmitted, read_event, read_stored
from domain.upcasters import UPCASTERS, upcast
from tests.support import ROOT, schemas
from tests.support.samples import submitted

GOLDEN = sorted((ROOT / "tests" / "golden").glob("*.json"))
SECRET = "my secret"


@pytest.mark.parametrize(
    ("type_name", "data"),
    [
        ("lastwish.wish.teleported.v1", {}),
        (WishSubmitted.type, {"destination": "mars"}),
        (WishSubmitted.type, {**submitted().model_dump(), "destination": SECRET}),
        (WishSubmitted.type, {**submitted().model_dump(), "message": {SECRET: SECRET}}),
        (WishSubmitted.type, {**submitted().model_dump(), "message": f"<b>{SECRET}</b>"}),
        (WishAccepted.type, {SECRET: SECRET}),
        (WishRejected.type, {"reason": SECRET}),
    ],
)
def test_a_malformed_event_is_refused_without_its_text(type_name: str, data: dict[str, object]) -> None:
    with pytest.raises(MalformedMessage) as raised:
        read_event(type_name, data)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("type_name", "data", "reason"),
    [
        ("lastwish.wish.teleported.v1", {}, "unknown event type"),
        (
            WishSubmitted.type,
            {"destination": "mars"},
            "lastwish.wish.submitted.v1: message: Field required; digest: Field required",
        ),
        (WishAccepted.type, {SECRET: 1}, "lastwish.wish.accepted.v1: ?: Extra inputs are not permitted"),
        (
            WishAccepted.type,
            "nothing",
            "lastwish.wish.accepted.v1: Input should be a valid dictionary or instance of WishAccepted",
        ),
    ],
)
def test_a_refusal_names_the_fields_that_are_wrong(type_name: str, data: Any, reason: str) -> None:
    with pytest.raises(MalformedMessage) as raised:
        read_event(type_name, data)
    assert str(raised.value) == reason


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_event_that_ever_shipped_can_still_be_read(path: Path) -> None:
    golden = json.loads(path.read_text())
    newest, data = upcast(golden["type"], golden["data"])
    assert golden["type"] == f"lastwish.{path.stem}"
    event = read_event(golden["type"], golden["data"])
    assert (event.type, event.model_dump(mode="json")) == (newest, data)
    assert read_stored(golden["type"], golden["data"]) == event


def test_every_version_that_ever_shipped_has_a_golden_file() -> None:
    shipped = {event.type for event in EVENT_TYPES} | set(UPCASTERS)
    assert {name.removeprefix("lastwish.") for name in shipped} == {path.stem for path in GOLDEN}


def test_an_event_changes_its_fields_only_with_a_new_version() -> None:
    """A field added, removed or retyped in place would break what is stored. Make a new version and an upcaster; then
    add the new schema here with `python -m tests.support.schemas`, which refuses to change an old one."""
    assert {event.type: schemas.of(event) for event in EVENT_TYPES} == {
        name: schema for name, schema in schemas.shipped().items() if name not in UPCASTERS
    }
