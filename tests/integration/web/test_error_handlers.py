import json
from types import ModuleType
from typing import Any

import pytest

from tests.support.functions import Invoke
from tests.support.http import get_event, header, post_event
from tests.support.samples import WISH_ID


@pytest.mark.parametrize(
    ("event", "status", "kind"),
    [
        (post_event("{"), 400, "bad-request"),
        (post_event({"message": "x", "destination": "mars"}, **{"Idempotency-Key": "7"}), 400, "bad-request"),
        (get_event("/wishes/not-a-uuid"), 404, "not-found"),
        (get_event("/wishes/5D3C0BD67EF44C5E9A0B2F0F6A4B1C01"), 404, "not-found"),
        (get_event("/nowhere"), 404, "not-found"),
        (get_event("/assets/handler.py"), 404, "not-found"),
        (get_event("/assets/..%2fhandler.py"), 404, "not-found"),
        (get_event("/assets/" + "a" * 300 + ".js"), 404, "not-found"),
        ({**post_event("%%%"), "isBase64Encoded": True}, 400, "bad-request"),
        (get_event(f"/wishes/{WISH_ID}"), 404, "wish-not-found"),
        (post_event("x" * 8193), 413, "too-large"),
        (post_event("hello", **{"Content-Type": "text/plain"}), 415, "unsupported-media-type"),
        (post_event({"message": "x", "destination": "mars", "admin": 1}), 422, "invalid-wish"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_every_refusal_is_a_problem(
    frontend: ModuleType, invoke: Invoke, event: dict[str, Any], status: int, kind: str
) -> None:
    answer = invoke(frontend, event)
    problem = json.loads(answer["body"])
    assert answer["statusCode"] == problem["status"] == status
    assert header(answer, "Content-Type") == "application/problem+json"
    assert problem["type"] == f"urn:lastwish:problem:{kind}"


def test_the_response_to_an_unexpected_error_has_no_details(
    frontend: ModuleType, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(_: object) -> None:
        raise RuntimeError("the innermost secret")

    monkeypatch.setattr(frontend.store, "read", explode)
    answer = invoke(frontend, get_event(f"/wishes/{WISH_ID}"))
    assert answer["statusCode"] == 500
    assert "secret" not in answer["body"]
    assert "Traceback" not in answer["body"]
