"""What runs around a snapshot, where SnapStart takes one: Lambda calls what is registered, and so do these tests."""

import random
import sys
from typing import Any

import botocore.session
import pytest
import snapshot_restore_py

from tests.support.aws import Aws
from tests.support.functions import load

LEFT_FOR_LATER = {"frontend": {"dynamodb"}, "console": {"sqs", "cognito-idp"}, "mission": {"dynamodb", "logs"}}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> set[str]:
    """Services of the clients made from now on, and hooks of what is loaded from now on."""
    services: set[str] = set()
    make = botocore.session.Session.create_client

    def noted(self: Any, service_name: str, *args: Any, **kwargs: Any) -> Any:
        services.add(service_name)
        return make(self, service_name, *args, **kwargs)

    monkeypatch.setattr(botocore.session.Session, "create_client", noted)
    monkeypatch.setattr(snapshot_restore_py, "_before_snapshot_registry", [])
    return services


def run(hooks: list[Any]) -> None:
    for function, args, kwargs in hooks:
        function(*args, **kwargs)


@pytest.mark.parametrize("function", LEFT_FOR_LATER)
def test_a_snapshot_has_the_clients_that_a_cold_start_leaves_for_later(function: str, made: set[str]) -> None:
    load(function)
    at_the_start = set(made)
    run(snapshot_restore_py.get_before_snapshot())
    assert made - at_the_start == LEFT_FOR_LATER[function]


@pytest.mark.usefixtures("made")
def test_a_snapshot_of_the_frontend_has_bleach(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "bleach"]:
        monkeypatch.delitem(sys.modules, name)
    load("frontend")
    assert "bleach" not in sys.modules
    run(snapshot_restore_py.get_before_snapshot())
    assert "bleach" in sys.modules


def test_functions_that_start_from_one_snapshot_draw_different_numbers() -> None:
    in_the_snapshot = random.getstate()
    run(snapshot_restore_py.get_after_restore())
    assert random.getstate() != in_the_snapshot
