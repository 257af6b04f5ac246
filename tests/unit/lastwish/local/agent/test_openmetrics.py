"""What a scraper gets at /metrics, and who is let in."""

import asyncio
import sys

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from starlette.responses import PlainTextResponse

from lastwish.local.agent import openmetrics
from lastwish.local.agent.emf import Point
from lastwish.local.agent.metrics import MetricBuffer
from lastwish.local.agent.openmetrics import Exposition
from lastwish.local.door import KEY_HEADER, Door

KEY = "LW0123456789ABCDEF"
OURS = "LastWish/lastwish-local"
WISHES = (("ApiName", "a"), ("Method", "POST"), ("Resource", "/wishes"), ("Stage", "s"))
ACCEPT = "application/openmetrics-text"

Samples = dict[tuple[str, tuple[str, ...]], float]


def samples(shown: Exposition) -> Samples:
    """Value by name and labels' values, in the order of the labels' names, as a parser of OpenMetrics reads them."""
    text = bytes(shown.answer(ACCEPT).body).decode()
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def point(name: str, value: float, unit: str = "Count", namespace: str = OURS, **dimensions: str) -> Point:
    return Point(namespace, tuple(sorted(dimensions.items())), name, unit, value, 100.0)


@pytest.fixture
def shown() -> Exposition:
    return Exposition()


def test_what_can_be_counted_is_there_as_zero_before_it_happens(shown: Exposition) -> None:
    found = samples(shown)
    assert found["lastwish_store_refused_total", ("worker",)] == 0
    assert found["lastwish_refused_by_problem_total", ("not-found", "frontend")] == 0
    assert found["lastwish_late_events_total", ("worker",)] == 0


def test_a_count_is_a_counter_and_a_second_dimension_one_more(shown: Exposition) -> None:
    shown.add(point("Refused", 2, service="frontend"))
    shown.add(point("Refused", 1, service="frontend", problem="conflict"))
    found = samples(shown)
    assert found["lastwish_refused_total", ("frontend",)] == 2
    assert found["lastwish_refused_by_problem_total", ("conflict", "frontend")] == 1


def test_zeros_and_ones_are_bad_events_and_all_of_them(shown: Exposition) -> None:
    for value in (0, 1, 0):
        shown.add(point("Late", value, service="worker"))
    found = samples(shown)
    assert (found["lastwish_late_total", ("worker",)], found["lastwish_late_events_total", ("worker",)]) == (1, 3)


def test_a_time_is_a_histogram_in_seconds(shown: Exposition) -> None:
    shown.add(point("SubmittedToBoarded", 1500, "Milliseconds", service="worker"))
    found = samples(shown)
    assert found["lastwish_submitted_to_boarded_seconds_sum", ("worker",)] == 1.5
    assert found["lastwish_submitted_to_boarded_seconds_bucket", ("1.0", "worker")] == 0
    assert found["lastwish_submitted_to_boarded_seconds_bucket", ("2.5", "worker")] == 1


def test_a_queue_is_called_as_in_the_template(shown: Exposition) -> None:
    shown.names = {"lastwish-local-Inbox-QH3A8Z": "Inbox"}
    for age in (7.0, 3.0):
        shown.add(
            point("ApproximateAgeOfOldestMessage", age, "Seconds", "AWS/SQS", QueueName="lastwish-local-Inbox-QH3A8Z")
        )
    assert samples(shown)["lastwish_queue_oldest_message_age_seconds", ("Inbox",)] == 3


def test_calls_are_shown_by_route_and_not_once_more_as_a_sum(shown: Exposition) -> None:
    of_stage = tuple(pair for pair in WISHES if pair[0] in ("ApiName", "Stage"))
    for dimensions in (WISHES, of_stage):
        shown.add(Point("AWS/ApiGateway", dimensions, "5XXError", "Count", 1, 100.0))
    found = {key: value for key, value in samples(shown).items() if key[0].startswith("lastwish_api_server_errors")}
    assert found == {
        ("lastwish_api_server_errors_total", ("POST", "/wishes")): 1,
        ("lastwish_api_server_errors_events_total", ("POST", "/wishes")): 1,
    }


@pytest.mark.parametrize(
    "unknown", [point("Invented", 1, service="worker"), point("Late", 1, service="worker", wish="w"), point("Late", 1)]
)
def test_what_the_catalogue_does_not_have_is_left_out(shown: Exposition, unknown: Point) -> None:
    before = samples(shown)
    shown.add(unknown)
    assert samples(shown) == before


def test_what_the_engine_counts_is_asked_at_each_scrape(shown: Exposition) -> None:
    assert not [name for name, _ in samples(shown) if name.startswith("lastwish_function")]  # no engine answers yet
    shown.totals = lambda: {("Errors", "worker"): 4.0}
    found = samples(shown)
    assert found["lastwish_function_errors_total", ("worker",)] == 4
    assert found["lastwish_function_errors_total", ("parser",)] == 0


def test_each_point_that_waits_to_be_published_is_counted_also_beyond_the_buffers_bound(shown: Exposition) -> None:
    buffer = MetricBuffer(bound=1, counts=shown)
    buffer.add([point("Boarded", value, service="worker") for value in (1, 2)])
    assert buffer.dropped == 1
    assert samples(shown)["lastwish_boarded_total", ("worker",)] == 3


def get(headers: dict[str, str], path: str = openmetrics.PATH, shown: Exposition | None = None) -> httpx.Response:
    """Ask the agent as a program of this machine does."""
    rest = Door(PlainTextResponse("the rest of the agent"), KEY)
    app = openmetrics.layer(rest, Door(openmetrics.endpoint(shown), openmetrics.token(KEY)))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:4567") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(ask())


SCRAPER = {"Authorization": f"{openmetrics.SCHEME} {openmetrics.credentials(KEY)}"}


def test_a_scraper_gets_openmetrics_or_the_older_text(shown: Exposition) -> None:
    newer, older = get(SCRAPER | {"Accept": ACCEPT}, shown=shown), get(SCRAPER, shown=shown)
    assert newer.headers["content-type"].startswith(ACCEPT)
    assert newer.text.endswith("# EOF\n")
    assert older.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "LastWish Credential="}, {KEY_HEADER: KEY}, SCRAPER | {"Origin": "http://x.example"}],
    ids=["nothing", "an empty token", "the stack's key", "a web page"],
)
def test_nobody_else_is_let_in(shown: Exposition, headers: dict[str, str]) -> None:
    assert get(headers, shown=shown).status_code == 403


def test_the_scrapers_token_opens_nothing_else(shown: Exposition) -> None:
    assert get(SCRAPER, "/_lastwish/health", shown).status_code == 403
    assert get({KEY_HEADER: openmetrics.token(KEY)}, "/_lastwish/health", shown).status_code == 403
    assert get({KEY_HEADER: KEY}, "/_lastwish/health", shown).text == "the rest of the agent"


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    answer = get(SCRAPER, shown=openmetrics.exposition())
    assert (answer.status_code, "make setup" in answer.text) == (501, True)
