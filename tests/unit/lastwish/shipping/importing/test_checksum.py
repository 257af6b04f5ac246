from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.identity import payload_digest
from infra.items import serialise
from lastwish.shipping.importing.checksum import Checksum, of_items

DIGEST = payload_digest("mars", None, "Water the garden")


def item(wish_id: str = "a", origin: str = "import:letters", **changes: Any) -> dict[str, Any]:
    data = {"destination": "mars", "message": "Water the garden", "digest": DIGEST} | changes
    stored = {
        "stream": f"wish#{wish_id}",
        "version": 1,
        "correlation_id": origin,
        "events": [{"time": "t", "data": data}],
    }
    return {name: serialise(value) for name, value in stored.items()}


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), unique=True), st.randoms())
def test_the_order_does_not_matter(wishes: list[tuple[str, str, str]], random: Any) -> None:
    mixed = random.sample(wishes, len(wishes))
    one, other = Checksum(), Checksum()
    for some, more in zip(wishes, mixed, strict=True):
        one, other = one.plus(*some), other.plus(*more)
    assert one == other


def test_a_wish_that_is_there_twice_or_changed_is_another_sum() -> None:
    once = Checksum().plus("a", DIGEST, "t")
    twice = once.plus("a", DIGEST, "t")
    assert len({Checksum(), once, twice, Checksum().plus("b", DIGEST, "t"), Checksum().plus("a", DIGEST, "u")}) == 5


def test_what_is_stored_gives_the_sum_of_its_source() -> None:
    assert of_items([item()], "import:letters") == Checksum().plus("a", DIGEST, "t")


def test_wishes_of_another_origin_do_not_count() -> None:
    others = [item(origin=each) for each in ("import:cards", "import:letters-2", "7f2c")]
    assert of_items(others, "import:letters") == Checksum()


def test_a_batch_is_a_part_of_its_source() -> None:
    batch = [item(origin="import:letters:july")]
    assert of_items(batch, "import:letters") == of_items(batch, "import:letters:july") != Checksum()
    assert of_items(batch, "import:letters:ju") == Checksum()


def test_an_altered_text_is_seen_and_an_erased_one_is_none() -> None:
    assert of_items([item(message="Water the garde")], "import:letters").altered == 1
    assert of_items([item(message=None)], "import:letters") == Checksum().plus("a", DIGEST, "t")
