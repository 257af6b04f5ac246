"""What preflight says of a laptop, when the parts of its stack are as a test wants them."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from lastwish.errors import NotInstalled
from lastwish.local.state import Home, State
from lastwish.preflight import laptop as laptops
from lastwish.preflight.check import Check, run
from lastwish.preflight.hall import Measured
from lastwish.preflight.laptop import Laptop
from lastwish.promises import Promises

LAN = "http://192.168.1.20:8045/"
EMPTY = {"boarded": 0, "waitlisted": 0, "rejected": 0}


class FakeSite:
    """A local stack whose parts are what a test says."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.state = State("http://127.0.0.1:8045/", lan=LAN)
        self.url = self.state.url
        self.parts = {"engine": "ok", "proxy": "ok"}
        self.public_url = LAN
        self.promised: list[list[str]] = [[], []]  # before and after the measurement
        self.counts = EMPTY

    def health(self) -> dict[str, str]:
        return self.parts

    def physical_ids(self, _: str) -> dict[str, str]:
        return {"FrontendFunction": "frontend"}

    def client(self, service: str) -> Any:
        assert service == "lambda"
        return self

    def get_function_configuration(self, FunctionName: str) -> Any:  # noqa: N803
        assert FunctionName == "frontend"
        return {"Environment": {"Variables": {"PUBLIC_URL": self.public_url}}}

    def promises(self) -> Any:
        return lambda: Promises(self.promised.pop(0))

    def http(self) -> httpx.Client:
        answer = httpx.Response(200, json={"destinations": {"mars": self.counts}})
        return httpx.Client(base_url=self.url, transport=httpx.MockTransport(lambda _: answer))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSite:
    """A stack on the network, where everything works and ten seconds are 900 wishes."""
    monkeypatch.setattr(laptops.network, "is_present", lambda _: True)
    monkeypatch.setattr(laptops.network, "http_status", lambda _: 200)
    monkeypatch.setattr(laptops, "measure", lambda _: Measured(900, frozenset({"a", "b"})))
    monkeypatch.setattr(laptops.reset, "reset", lambda *_: resets.append("reset"))
    resets.clear()
    return FakeSite(Home(tmp_path))


resets: list[str] = []


def checked(site: FakeSite, name: str, rate: float | None = None) -> Check:
    checks: Any = Laptop(site, rate).checks()  # type: ignore[arg-type] # it is one as far as it goes
    (result,) = run({name: checks[name]})
    return result


def test_a_laptop_that_is_ready_passes_every_check(site: FakeSite) -> None:
    results = run(Laptop(site).checks())  # type: ignore[arg-type]
    assert [(each.name, each.ok) for each in results] == [
        ("stack", True),
        ("phones", True),
        ("wall", True),
        ("hall", True),
    ]


def test_without_the_measurement_there_is_no_hall(site: FakeSite) -> None:
    assert "hall" not in Laptop(site, measures=False).checks()  # type: ignore[arg-type]


def test_a_part_that_does_not_work_is_named(site: FakeSite) -> None:
    site.parts["proxy"] = "does not answer"
    result = checked(site, "stack")
    assert not result.ok
    assert "proxy does not answer" in result.advice


def test_a_stack_for_this_machine_only_is_not_for_phones(site: FakeSite) -> None:
    site.state = State("http://127.0.0.1:8045/")
    result = checked(site, "phones")
    assert not result.ok
    assert "lastwish up --lan" in result.advice


def test_an_address_that_this_machine_lost_is_named(site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laptops.network, "is_present", lambda _: False)
    assert f"no longer at {LAN}" in checked(site, "phones").advice


@pytest.mark.parametrize("status", [None, 502])
def test_an_address_that_does_not_answer_is_named(
    site: FakeSite, monkeypatch: pytest.MonkeyPatch, status: int | None
) -> None:
    monkeypatch.setattr(laptops.network, "http_status", lambda _: status)
    result = checked(site, "phones")
    assert (result.ok, f"{LAN} does not answer" in result.advice) == (False, True)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8045/", "http://localhost:8045/", ""])
def test_a_code_on_the_wall_that_no_phone_can_open_is_named(site: FakeSite, url: str) -> None:
    site.public_url = url
    result = checked(site, "wall")
    assert not result.ok
    assert "look for in itself" in result.advice


def test_a_hall_is_what_was_answered_and_the_stack_is_empty_again(site: FakeSite) -> None:
    site.promised = [[], ["a", "b"]]
    result = checked(site, "hall")
    assert result.ok
    assert "900 wishes in 10 s" in result.advice
    assert resets == ["reset"]


@pytest.mark.parametrize(("rate", "ok"), [(90, True), (91, False)])
def test_a_hall_that_is_planned_is_held_against_it(site: FakeSite, rate: float, ok: bool) -> None:
    result = checked(site, "hall", rate)
    assert result.ok is ok
    assert ("a second are planned" in result.advice) is not ok


def test_a_stack_that_answers_nothing_bears_no_hall(site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laptops, "measure", lambda _: Measured(0, frozenset()))
    assert "answered no wish" in checked(site, "hall").advice


@pytest.mark.parametrize(("promised", "counts"), [(["x"], EMPTY), ([], EMPTY | {"rejected": 1})])
def test_nothing_is_measured_where_there_are_wishes(
    site: FakeSite, monkeypatch: pytest.MonkeyPatch, promised: list[str], counts: dict[str, int]
) -> None:
    monkeypatch.setattr(laptops, "measure", lambda _: pytest.fail("it sent wishes"))
    site.promised, site.counts = [promised], counts
    result = checked(site, "hall")
    assert not result.ok
    assert "not measured" in result.advice


def test_a_wish_of_somebody_else_is_never_emptied_with_ours(site: FakeSite) -> None:
    site.promised = [[], ["a", "somebody's"]]
    result = checked(site, "hall")
    assert not result.ok
    assert "other wishes came" in result.advice
    assert resets == []


def test_without_the_loads_packages_it_says_how_to_get_them(site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise NotInstalled("a load needs locust: run `make setup`")

    monkeypatch.setattr(laptops.guard, "check_packages", missing)
    assert checked(site, "hall").advice == "not checked: a load needs locust: run `make setup`"
