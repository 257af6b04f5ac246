from types import ModuleType

import pytest

from tests.support.aws import Aws
from tests.support.functions import Invoke
from tests.support.http import body, get
from tests.support.samples import LambdaContext
from tests.support.wishes import ids, store, stream_event


@pytest.fixture
def shown(aws: Aws, worker: ModuleType, projector: ModuleType, invoke: Invoke) -> list[str]:
    """Five wishes on the wall, shown one after the other."""
    for item in store(aws, worker, invoke, 5):
        projector.handler(stream_event([item]), LambdaContext())
    return ids(5)


def test_before_the_first_wish_the_ships_are_empty(frontend: ModuleType, invoke: Invoke) -> None:
    ship = {"boarded": 0, "waitlisted": 0, "rejected": 0, "seats_left": 1000}
    assert body(get(frontend, invoke, "/manifest")) == {
        "destinations": {"mars": ship, "jupiter": ship},
        "generation": 1,
    }
    assert body(get(frontend, invoke, "/wishes")) == {
        "wishes": [],
        "withdrawn": [],
        "cursor": "1-0-0",
        "more": False,
        "blank": False,
    }


def test_the_manifest_counts(frontend: ModuleType, invoke: Invoke, shown: list[str]) -> None:
    mars = body(get(frontend, invoke, "/manifest"))["destinations"]["mars"]
    assert mars == {"boarded": 5, "waitlisted": 0, "rejected": 0, "seats_left": 995}


def test_the_wall_is_read_on_by_its_cursor(frontend: ModuleType, invoke: Invoke, shown: list[str]) -> None:
    seen, cursor = [], ""
    for _ in range(4):
        page = body(get(frontend, invoke, "/wishes", {"after": cursor, "limit": "2"}))
        seen.append([wish["wish_id"] for wish in page["wishes"]])
        cursor = page["cursor"]
    assert seen == [shown[:2], shown[2:4], shown[4:], []]


def test_a_wish_on_the_wall_says_what_was_typed(frontend: ModuleType, invoke: Invoke, shown: list[str]) -> None:
    wish = body(get(frontend, invoke, "/wishes", {"limit": "1"}))["wishes"][0]
    assert sorted(wish) == ["destination", "message", "name", "shown_at", "wish_id"]
    assert (wish["message"], wish["name"], wish["destination"]) == ("Look after my dog", None, "mars")


def test_a_cursor_of_another_generation_begins_anew(frontend: ModuleType, invoke: Invoke, shown: list[str]) -> None:
    page = body(get(frontend, invoke, "/wishes", {"after": "7-3-0"}))
    assert [wish["wish_id"] for wish in page["wishes"]] == shown


@pytest.mark.parametrize(
    "query",
    [
        {"after": "x"},
        {"after": "1-"},
        {"after": "1-2"},
        {"after": "1-2-3-4"},
        {"after": "1-٣-0"},
        {"limit": "0"},
        {"limit": "101"},
    ],
)
def test_a_query_of_nonsense_is_refused(frontend: ModuleType, invoke: Invoke, query: dict[str, str]) -> None:
    assert get(frontend, invoke, "/wishes", query)["statusCode"] == 422


@pytest.mark.parametrize("path", ["/manifest", "/wishes"])
def test_what_a_client_has_already_is_not_sent_again(
    frontend: ModuleType, invoke: Invoke, shown: list[str], path: str
) -> None:
    answer = get(frontend, invoke, path)
    etag = answer["multiValueHeaders"]["ETag"][0]
    again = get(frontend, invoke, path, **{"If-None-Match": etag})
    assert "s-maxage=1" in answer["multiValueHeaders"]["Cache-Control"][0]
    assert (again["statusCode"], again["body"]) == (304, "")


@pytest.mark.parametrize("path", ["/manifest", "/wishes"])
def test_a_read_costs_the_same_at_any_size(
    aws: Aws, frontend: ModuleType, worker: ModuleType, projector: ModuleType, invoke: Invoke, path: str
) -> None:
    calls: list[str] = []
    frontend.dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    counts = []
    for items in ([], store(aws, worker, invoke, 60)):
        projector.handler(stream_event(items), LambdaContext())
        calls.clear()
        body(get(frontend, invoke, path, {"limit": "1"}))
        counts.append(sorted(calls))
    assert "Scan" not in counts[1]
    assert len(counts[1]) <= 5
