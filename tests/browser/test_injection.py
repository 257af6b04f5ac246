"""The trophy case in a real browser: what an audience typed is text, and where it is markup it can do nothing."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from lastwish.local.proxy import injection
from tests.support.laptop import Stack
from tests.support.operator_client import OperatorClient
from tests.support.samples import HOSTILE
from tests.support.sizes import LAPTOP, PHONE

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


class Watched:
    """A page whose dialogs and requests are kept."""

    def __init__(self, page: Page) -> None:
        self.page, self.dialogs, self.requests = page, list[str](), list[str]()
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture
def watched(browser: Browser, stack: Stack) -> Iterator[Watched]:
    """A page that may complain of what its policies forbid: here that is what should happen."""
    context = browser.new_context(base_url=stack.url, viewport=LAPTOP)  # type: ignore[arg-type]
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


def test_nothing_runs_and_nothing_is_loaded(watched: Watched, stack: Stack, address: str) -> None:
    page = watched.page
    page.goto(address)
    for frame in page.locator("iframe").all():
        frame.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    frames = [url for url in watched.requests if url.startswith(f"{stack.url}{address}/")]
    assert len(frames) == injection.MOST
    others = {url.removeprefix(stack.url).partition(".")[0] for url in watched.requests if url not in frames}
    assert others - {"assets/icon"} == {address, "assets/style", "assets/injection"}
    assert watched.dialogs == []
    assert page.url == f"{stack.url}{address}"


def test_every_attempt_is_text(watched: Watched, address: str) -> None:
    watched.page.goto(address)
    typed = watched.page.locator(".typed")
    assert typed.count() == injection.MOST
    assert watched.page.locator(".attempt pre *").count() == 0
    assert set(DANGEROUS[1:9]) <= set(typed.all_text_contents())


@pytest.mark.parametrize("text", DANGEROUS)
def test_opened_by_itself_an_attempt_is_markup_that_can_do_nothing(
    watched: Watched, stack: Stack, operator: OperatorClient, text: str
) -> None:
    wish_id = operator.send(f"{text}<!--alone-->")
    answer = watched.page.goto(f"{injection.path(stack.key)}/{wish_id}")
    assert answer
    assert text in answer.text()
    watched.page.wait_for_timeout(300)
    assert (watched.dialogs, watched.requests[1:]) == ([], [])


@pytest.mark.parametrize("size", [PHONE, LAPTOP])
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_it_is_accessible_and_fits(watched: Watched, address: str, lang: str, size: dict[str, int]) -> None:
    page = watched.page
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.goto(f"{address}?lang={lang}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page, options={"iframes": False}).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
