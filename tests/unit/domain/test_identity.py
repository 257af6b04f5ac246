from uuid import UUID

from domain.identity import keyed_wish_id, payload_digest


def test_ids_follow_from_key_and_payload_alone() -> None:
    digest = payload_digest("mars", None, "Look after my dog")
    key = UUID("8e03978e-40d5-43dd-bc93-6894a57f9324")
    # Written down, since stored wishes depend on it: a change here makes duplicates of every retried request.
    assert digest == "ed7042055daa9e6e3e3584d8fb960c504214a4f49f8fe74073a53f96b6e866a4"
    assert keyed_wish_id(key, digest) == "281df197-25d0-560e-8b0a-84054d927dae"
