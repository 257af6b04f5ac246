"""Limits of a load and checks of its target."""

import sys
from pathlib import Path

import httpx
import pytest

from lastwish.errors import LoadRefused, NotInstalled
from lastwish.load import guard
from lastwish.load.plan import PlanOptions
from lastwish.local.state import Home, State

MANIFEST = {
    "destinations": {
        "mars": {"boarded": 2, "waitlisted": 1, "rejected": 0, "seats_left": 9},
        "jupiter": {"boarded": 1, "waitlisted": 0, "rejected": 3, "seats_left": 9},
    }
}


def api(answer: httpx.Response | Exception) -> httpx.Client:
    def handle(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.Client(transport=httpx.MockTransport(handle), base_url="http://127.0.0.1:1/")


def test_a_load_within_the_limits_is_allowed() -> None:
    guard.check_limits(PlanOptions(wishes=20_000, over=40), 512, raised=False)


@pytest.mark.parametrize(("wishes", "over"), [(20_001, 600.0), (1000, 1.9)])
def test_more_wishes_or_a_higher_rate_need_raise_ceiling(wishes: int, over: float) -> None:
    options = PlanOptions(wishes=wishes, over=over)
    with pytest.raises(LoadRefused, match="--raise-ceiling"):
        guard.check_limits(options, 64, raised=False)
    guard.check_limits(options, 64, raised=True)


@pytest.mark.parametrize("in_flight", [0, 513])
def test_the_number_of_requests_in_flight_is_limited(in_flight: int) -> None:
    with pytest.raises(LoadRefused, match="between 1 and 512"):
        guard.check_limits(PlanOptions(), in_flight, raised=True)


def test_a_confirmation_without_a_stack_is_refused() -> None:
    with pytest.raises(LoadRefused, match="name it with --stack"):
        guard.check_confirmation(None, "wishes", None)


def test_a_url_is_no_stack() -> None:
    with pytest.raises(LoadRefused, match="no URL is loaded"):
        guard.check_confirmation("https://example.com/", "https://example.com/", None)


def test_a_stack_is_confirmed_by_its_name() -> None:
    guard.check_confirmation("wishes", "wishes", None)
    guard.check_confirmation("wishes", None, lambda _: "wishes")


@pytest.mark.parametrize("typed", ["", "yes", "Wishes", "wishes "])
def test_anything_else_does_not_confirm_it(typed: str) -> None:
    with pytest.raises(LoadRefused, match="was not confirmed"):
        guard.check_confirmation("wishes", typed, None)
    with pytest.raises(LoadRefused, match="was not confirmed"):
        guard.check_confirmation("wishes", None, lambda _: typed)


def test_without_a_prompt_the_option_must_confirm() -> None:
    with pytest.raises(LoadRefused, match="--yes-load with its name"):
        guard.check_confirmation("wishes", None, None)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("LASTWISH_HOME", str(tmp_path / "home"))
    home = Home.from_environment()
    home.create()
    return home


def test_the_stack_that_runs_here_is_the_target(home: Home) -> None:
    home.save(State("http://127.0.0.1:8045/", ready=True))
    assert guard.find_target(None) == guard.Target("http://127.0.0.1:8045/", None)


def test_a_local_stack_with_a_foreign_address_is_refused(home: Home) -> None:
    home.save(State("https://example.com/", ready=True))
    with pytest.raises(LoadRefused, match="is not on this machine"):
        guard.find_target(None)


def test_counts_are_those_of_both_ships() -> None:
    assert guard.ended_counts(api(httpx.Response(200, json=MANIFEST))) == {"boarded": 3, "waitlisted": 1, "rejected": 3}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<h1>It works!</h1>"),
        httpx.Response(200, json={"destinations": {"mars": 1}}),
        httpx.Response(200, json=[]),
        httpx.Response(404),
        httpx.ConnectError("refused"),
    ],
)
def test_another_api_is_refused(answer: httpx.Response | Exception) -> None:
    with pytest.raises(LoadRefused, match="does not answer as Last Wish does"):
        guard.ended_counts(api(answer))


def test_with_all_packages_a_load_may_begin() -> None:
    guard.check_packages()


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "locust", None)
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(NotInstalled, match=r"a load needs locust, numpy: run `make setup`"):
        guard.check_packages()
