"""What may be loaded, and how hard."""

from pathlib import Path

import httpx
import pytest

from lastwish.errors import LoadRefused
from lastwish.load import manners
from lastwish.load.plan import Options
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


def test_a_laptop_s_load_needs_no_leave() -> None:
    manners.bounded(Options(wishes=20_000, over=40), 512, raised=False)


@pytest.mark.parametrize(("wishes", "over"), [(20_001, 600.0), (1000, 1.9)])
def test_more_wishes_or_a_higher_rate_must_be_meant(wishes: int, over: float) -> None:
    options = Options(wishes=wishes, over=over)
    with pytest.raises(LoadRefused, match="--raise-ceiling"):
        manners.bounded(options, 64, raised=False)
    manners.bounded(options, 64, raised=True)


@pytest.mark.parametrize("in_flight", [0, 513])
def test_the_bound_on_requests_in_flight_is_bounded_itself(in_flight: int) -> None:
    with pytest.raises(LoadRefused, match="between 1 and 512"):
        manners.bounded(Options(), in_flight, raised=True)


def test_a_confirmation_of_nothing_is_not_taken_for_the_stack_here() -> None:
    with pytest.raises(LoadRefused, match="name it with --stack"):
        manners.confirmed(None, "wishes", None)


def test_a_url_is_no_stack() -> None:
    with pytest.raises(LoadRefused, match="no URL is loaded"):
        manners.confirmed("https://example.com/", "https://example.com/", None)


def test_a_stack_is_confirmed_by_its_name() -> None:
    manners.confirmed("wishes", "wishes", None)
    manners.confirmed("wishes", None, lambda _: "wishes")


@pytest.mark.parametrize("typed", ["", "yes", "Wishes", "wishes "])
def test_anything_else_does_not_confirm_it(typed: str) -> None:
    with pytest.raises(LoadRefused, match="was not confirmed"):
        manners.confirmed("wishes", typed, None)
    with pytest.raises(LoadRefused, match="was not confirmed"):
        manners.confirmed("wishes", None, lambda _: typed)


def test_nobody_to_ask_is_no_confirmation() -> None:
    with pytest.raises(LoadRefused, match="--yes-load with its name"):
        manners.confirmed("wishes", None, None)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("LASTWISH_HOME", str(tmp_path / "home"))
    home = Home.from_environment()
    home.create()
    return home


def test_the_stack_that_runs_here_is_the_target(here: Home) -> None:
    here.save(State("http://127.0.0.1:8045/", ready=True))
    assert manners.target(None) == manners.Target("http://127.0.0.1:8045/", None)


def test_what_only_says_that_it_runs_here_is_not_loaded(here: Home) -> None:
    here.save(State("https://example.com/", ready=True))
    with pytest.raises(LoadRefused, match="is not on this machine"):
        manners.target(None)


def test_the_manifest_of_both_ships() -> None:
    assert manners.manifest(api(httpx.Response(200, json=MANIFEST))) == {"boarded": 3, "waitlisted": 1, "rejected": 3}


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
def test_what_does_not_answer_as_last_wish_is_not_loaded(answer: httpx.Response | Exception) -> None:
    with pytest.raises(LoadRefused, match="does not answer as Last Wish does"):
        manners.manifest(api(answer))
