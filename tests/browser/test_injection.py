"""The trophy case in a real browser: what an audience typed is text, and where it is markup it can do nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Request as Wanted
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lastwish.local.proxy import injection
from tests.support.axe import violations
from tests.support.laptop import Stack, wait_until
from tests.support.listeners import listening
from tests.support.operator_client import OperatorClient
from tests.support.samples import HOSTILE
from tests.support.sizes import LAPTOP, PHONE, PROJECTOR

# Each would show: by a dialog, or by a request for /health.
DANGEROUS = [
    "<script>alert('script')</script>",
    "<img src=x onerror=\"alert('picture')\">",
    "<svg onload=\"alert('svg')\">",
    "<img src=/health><iframe src=/health></iframe><link rel=stylesheet href=/health><object data=/health></object>",
    "<meta http-equiv=refresh content='0;url=/health'><base href=/health>",
    "<style>@import '/health'; * { background: url(/health) }</style>",
    "<iframe srcdoc='<script>top.location=\"/health\"</script>'></iframe>",
    "<form action=/health><input autofocus onfocus=\"alert('focus')\"></form>",
    "<video src=/health autoplay onerror=\"alert('video')\"></video><audio src=/health autoplay></audio>",
    "<h1 id=defaced>HACKED</h1>",
]


@dataclass
class Door:
    """In front of the stack: it keeps the path of each request that a browser really sends.

    ``policies``: whether answers keep their Content-Security-Policy.
    """

    stack: str
    url: str = ""
    came: list[str] = field(default_factory=list)
    policies: bool = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        self.came.append(request.url.path)
        own = {name: value for name, value in request.headers.items() if name != "host"}
        url = f"{self.stack}{request.url.path.removeprefix('/')}?{request.url.query}"
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(url, headers=own, timeout=60)
        kept = {"content-type", "cache-control"} | ({"content-security-policy"} if self.policies else set())
        headers = {name: value for name, value in answer.headers.items() if name in kept}
        await Response(answer.content, answer.status_code, headers)(scope, receive, send)


class Watched:
    """A page whose dialogs and requests are kept. A request that a policy stops is seen too: it is wanted, not sent."""

    def __init__(self, page: Page) -> None:
        self.page, self.dialogs, self.wanted = page, list[str](), list[Wanted]()
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.on("request", self._keep)

    def _keep(self, request: Wanted) -> None:
        self.wanted.append(request)

    @property
    def sent(self) -> list[str]:
        """URLs of all requests but those that the browser says a policy stopped."""
        return [request.url for request in self.wanted if request.failure != "csp"]


@pytest.fixture
def door(stack: Stack) -> Iterator[Door]:
    door = Door(stack.url)
    with listening(door) as listener:
        door.url = listener.url
        yield door


@pytest.fixture
def watched(browser: Browser, door: Door) -> Iterator[Watched]:
    """A page that may complain of what its policies forbid: here that is what should happen."""
    context = browser.new_context(base_url=door.url, viewport=LAPTOP)  # type: ignore[arg-type]
    yield Watched(context.new_page())
    context.close()


@pytest.fixture(scope="module")
def address(stack: Stack, operator: OperatorClient) -> str:
    """The trophy case, after an audience has tried. The store has all of it."""
    for text in [*HOSTILE, *DANGEROUS]:
        operator.send(text)
    return injection.path(stack.key)


@pytest.mark.parametrize("text", DANGEROUS[:3])
def test_these_texts_do_run_where_nothing_stops_them(watched: Watched, text: str) -> None:
    watched.page.set_content(text)
    watched.page.wait_for_timeout(200)
    assert watched.dialogs


def test_these_texts_do_load_where_no_policy_stops_them(
    watched: Watched, door: Door, stack: Stack, operator: OperatorClient
) -> None:
    door.policies = False
    wish_id = operator.send(f"{DANGEROUS[3]}<!--let through-->")
    watched.page.goto(f"{injection.path(stack.key)}/{wish_id}", wait_until="networkidle")
    assert door.came.count("/health") == 4


def test_nothing_runs_and_nothing_is_loaded(watched: Watched, door: Door, address: str) -> None:
    page = watched.page
    page.goto(address)
    for frame in page.locator("iframe").all():
        frame.scroll_into_view_if_needed()

    def frames() -> list[str]:
        return [path for path in door.came if path.startswith(f"/{address}/")]

    assert wait_until(lambda: len(frames()) >= injection.MOST)  # the network may have been idle before the last began
    page.wait_for_load_state("networkidle")
    assert {url.removeprefix(door.url) for url in watched.sent} <= {path.removeprefix("/") for path in door.came}
    assert len(frames()) == injection.MOST
    others = {path.partition(".")[0] for path in door.came if path not in frames()}
    assert others - {"/assets/icon"} == {f"/{address}", "/assets/style", "/assets/injection"}
    assert watched.dialogs == []
    assert page.url == f"{door.url}{address}"


def test_every_attempt_is_text(watched: Watched, address: str) -> None:
    watched.page.goto(address)
    typed = watched.page.locator(".typed")
    assert typed.count() == injection.MOST
    assert watched.page.locator(".attempt pre *").count() == 0
    assert set(DANGEROUS[1:9]) <= set(typed.all_text_contents())


def test_logs_and_trace_show_the_layers(watched: Watched, address: str) -> None:
    page = watched.page

    def has_come() -> bool:
        page.goto(address)
        return "wish projected" in page.locator(".lines").first.inner_text()

    assert wait_until(has_come)
    seen = page.locator(".attempt").first
    assert ["sanitised=true" in line for line in seen.locator(".lines .proves").all_inner_texts()] == [True, False]
    assert [line.split()[1] for line in seen.locator(".lines li").all_inner_texts()] == [
        "frontend", "parser", "worker", "projector",
    ]  # fmt: skip
    hops = [each.split()[0] for each in seen.locator("tbody th").all_inner_texts()]
    assert {"frontend", "parser", "worker", "EventStore", "projector"} <= set(hops)
    assert [each.split()[0] for each in seen.locator("tbody .proves th").all_inner_texts()] == [
        "frontend",
        "EventStore",
    ]


def test_an_attempt_that_is_not_among_the_best_has_a_page(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address)
    last = page.locator(".attempt").last
    typed = last.locator(".typed").inner_text()
    last.get_by_role("link", name="Show logs and trace").click()
    expect(page.locator(".typed")).to_have_text([typed])
    expect(page.locator(".lines .proves").first).to_contain_text("sanitised=true")
    page.get_by_role("link", name="日本語").click()
    expect(page.get_by_role("link", name="すべての挑戦")).to_be_visible()
    expect(page.locator(".typed")).to_have_text([typed])
    page.get_by_role("link", name="すべての挑戦").click()
    expect(page.locator(".attempt")).to_have_count(injection.MOST)


@pytest.mark.parametrize("text", DANGEROUS)
def test_opened_by_itself_an_attempt_is_markup_that_can_do_nothing(
    watched: Watched, door: Door, stack: Stack, operator: OperatorClient, text: str
) -> None:
    wish_id = operator.send(f"{text}<!--alone-->")
    path = f"{injection.path(stack.key)}/{wish_id}"
    answer = watched.page.goto(path)
    assert answer
    assert text in answer.text()
    watched.page.wait_for_timeout(300)
    assert (watched.dialogs, watched.sent, door.came) == ([], [f"{door.url}{path}"], [f"/{path}"])


@pytest.mark.parametrize("size", [PHONE, LAPTOP, PROJECTOR])
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_it_is_accessible_and_fits(watched: Watched, address: str, lang: str, size: dict[str, int]) -> None:
    page = watched.page
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.goto(f"{address}?lang={lang}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page, iframes=False) == []
