"""The one rule for retries and polling (src/web/assets/poll.js), seen from the pages that use it."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.laptop import wait_until
from tests.support.mission_page import sign_in
from tests.support.operator_client import Open, OperatorClient
from tests.support.sizes import LAPTOP
from web.language import texts

LONGEST = 60_000  # the longest jitter of any page, in milliseconds
# A tab in the background, which a browser without a window does not have.
HIDE = """(hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


class Requests:
    """Counts the page's requests to one address, and refuses them while `is_refusing`."""

    def __init__(self, page: Page, address: str, retry_after: int = 0) -> None:
        self.count, self.is_refusing, self.retry_after = 0, True, retry_after
        page.route(re.compile(address), self._answer)

    def _answer(self, route: Route) -> None:
        if "text/html" in route.request.headers["accept"]:
            route.continue_()
            return
        self.count += 1
        if self.is_refusing:
            route.fulfill(status=503, headers={"Retry-After": str(self.retry_after)}, json={})
        else:
            route.continue_()

    def wait_for(self, count: int, page: Page) -> bool:
        """Lets the page run until there were so many requests."""

        def are_there() -> bool:
            page.wait_for_timeout(50)
            return self.count >= count

        return wait_until(are_there)


def fill_form(page: Page) -> None:
    page.goto("")
    page.locator("#message").fill("Patience")
    page.get_by_label(texts("en")["common"]["mars"]).check(force=True)


def send_form(page: Page, _operator: OperatorClient) -> None:
    fill_form(page)
    page.locator("#send").click()


def open_receipt(page: Page, operator: OperatorClient) -> None:
    page.goto(f"wishes/{operator.send('Look at www.my-band.example')}")  # it is held, so it may change


def open_wall(page: Page, _operator: OperatorClient) -> None:
    page.goto("wall")


def open_console(page: Page, operator: OperatorClient) -> None:
    page.goto("sign-in")
    sign_in(page, operator)


def open_mission_control(page: Page, operator: OperatorClient) -> None:
    page.goto("sign-in#mission")
    sign_in(page, operator)


PAGES = {
    "form": (send_form, "/wishes$"),
    "receipt": (open_receipt, r"/wishes/[\w-]+$"),
    "wall": (open_wall, r"/wishes\?"),
    "console": (open_console, "/ops/queue$"),
    "mission": (open_mission_control, "/ops/mission$"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_waits_as_long_as_retry_after_asks(screen: Open, operator: OperatorClient, name: str) -> None:
    page, (open_page, address) = screen(LAPTOP), PAGES[name]
    page.clock.install()
    requests = Requests(page, address, retry_after=50)
    open_page(page, operator)
    assert requests.wait_for(1, page)
    page.clock.run_for(40_000)
    page.wait_for_timeout(200)
    assert requests.count == 1
    page.clock.run_for(10_000 + LONGEST)
    assert requests.wait_for(2, page)


@pytest.mark.parametrize("name", ["receipt", "console", "mission"])
def test_a_hidden_page_rests_and_reads_at_once_when_it_is_seen_again(
    screen: Open, operator: OperatorClient, name: str
) -> None:
    page, (open_page, address) = screen(LAPTOP), PAGES[name]
    page.clock.install()
    requests = Requests(page, address)
    requests.is_refusing = False
    open_page(page, operator)
    assert requests.wait_for(1, page)
    page.evaluate(HIDE, True)
    page.clock.run_for(60_000)  # the read that was planned already
    page.wait_for_timeout(500)
    before = requests.count
    page.clock.run_for(600_000)
    page.wait_for_timeout(200)
    assert requests.count == before
    page.evaluate(HIDE, False)
    assert requests.wait_for(before + 1, page)


def test_a_hidden_wall_reads_on_rarely(screen: Open, operator: OperatorClient) -> None:
    page = screen(LAPTOP)
    page.clock.install()
    requests = Requests(page, PAGES["wall"][1])
    requests.is_refusing = False
    open_wall(page, operator)
    assert requests.wait_for(1, page)
    page.evaluate(HIDE, True)
    page.clock.run_for(1_000)
    page.wait_for_timeout(500)
    before = requests.count
    page.clock.run_for(20_000)
    page.wait_for_timeout(200)
    assert requests.count == before
    page.clock.run_for(10_000)
    assert requests.wait_for(before + 1, page)


def test_the_bound_of_the_forms_pause_doubles_up_to_half_a_minute(screen: Open) -> None:
    page = screen(LAPTOP)
    page.add_init_script("Math.random = () => 0.999")
    page.clock.install()
    requests = Requests(page, PAGES["form"][1])
    fill_form(page)
    page.clock.pause_at(datetime.now() + timedelta(hours=1))  # noqa: DTZ005  the page's own clock
    for failures, seconds in enumerate([1, 2, 4, 8, 16, 30, 30], 1):
        page.locator("#send").click()
        assert requests.wait_for(failures, page)
        expect(page.locator("#countdown")).to_have_text(texts("en")["form"]["retry"].format(seconds=seconds))


def test_phones_that_were_refused_together_come_back_at_different_times(phone: Page) -> None:
    phone.goto("")
    pauses = phone.evaluate("""async () => {
        const files = performance.getEntriesByType("resource").map((entry) => entry.name);
        const { backOff } = await import(files.find((name) => name.includes("/assets/poll.")));
        const pause = () => backOff(3, { first: 1000, longest: 30_000 }, { retryAfter: 2000 });
        return Array.from({ length: 1000 }, pause);
    }""")
    assert 2_000 <= min(pauses) < 2_100
    assert 5_900 < max(pauses) <= 6_000
    for second in range(2_000, 6_000, 1_000):
        assert 180 < sum(second <= pause < second + 1_000 for pause in pauses) < 320
