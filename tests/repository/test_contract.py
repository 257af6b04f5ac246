"""The HTTP contract is generated, complete, and says what src says."""

import json
from typing import Any, get_args

import pytest
import yaml

from contract import bodies
from contract.openapi import DOCUMENT, Document, text
from contract.operations import OPERATIONS
from domain.events import WishRejected
from domain.wish import Outcome
from mission.waterfall import HOPS
from observability.metrics import PROBLEMS
from tests.support.template import routes
from web.error_handlers import NOT_REFUSED

WRITTEN: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text())


def test_the_document_is_as_generated() -> None:
    assert DOCUMENT.read_text() == text(), "run `make openapi`"


def test_it_has_every_route_and_no_other() -> None:
    found = {(method.upper(), path) for path, of in WRITTEN["paths"].items() for method in of}
    assert found == {*routes(operators=False), *routes(operators=True)}
    assert len(found) == len(OPERATIONS)


def test_a_route_without_an_operation_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(OPERATIONS, "Health")
    with pytest.raises(KeyError, match="Health"):
        Document().build()


def test_operators_routes_and_only_those_need_a_token() -> None:
    guarded = {path for path, of in WRITTEN["paths"].items() for each in of.values() if "security" in each}
    assert guarded == {path for path in WRITTEN["paths"] if path.startswith(("/ops/", "/console"))}


def test_it_has_every_type_of_problem() -> None:
    kinds = {*PROBLEMS, *NOT_REFUSED, "internal", "unavailable", "too-many-requests"}
    said = json.dumps(WRITTEN)
    assert not {kind for kind in kinds if f'"urn:lastwish:problem:{kind}"' not in said}


def test_every_reference_leads_somewhere() -> None:
    def references(part: Any) -> set[str]:
        if isinstance(part, dict):
            own = {part["$ref"]} if "$ref" in part else set()
            return own.union(*map(references, part.values()))
        return set().union(*map(references, part)) if isinstance(part, list) else set()

    components = WRITTEN["components"]
    there = {f"#/components/{kind}/{name}" for kind in ("schemas", "responses") for name in components[kind]}
    assert references(WRITTEN) == there


def test_the_words_are_those_of_src() -> None:
    assert get_args(bodies.Hop.__value__) == HOPS
    assert get_args(get_args(bodies.Receipt.model_fields["reason"].annotation)[0]) == get_args(
        WishRejected.model_fields["reason"].annotation
    )
    # Of a wish that is stored there is more than its submission.
    assert {*get_args(bodies.Status.__value__), "submitted"} == {*get_args(Outcome.__value__), "erased"}
