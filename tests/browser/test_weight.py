"""What a page brings with it: little, from here alone, and no cookie."""

import pytest
from playwright.sync_api import Page, Response

from tests.support.operator_client import Open, OperatorClient
from tests.support.sizes import PHONE
from web.language import LANGUAGES

MOST_BYTES = 45_000  # of everything that a page loads, as it is after unpacking
MOST_BYTES_OF_THE_CONSOLE = 60_000  # no phone opens it
MOST_BYTES_SENT = {"en": 12_000, "ja": 12_400}  # to a phone: heads, and bodies as they travel


def load(page: Page, path: str) -> None:
    """Open a page, with what its scripts load. The wall polls, so its network may never be idle."""
    page.goto(path)
    page.wait_for_timeout(2_000)


def visited(page: Page, path: str) -> list[Response]:
    """Open a page. Returns all answers that it got."""
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  it marks what it is given
    load(page, path)
    return answers


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("page", ["", "wishes/{}", "wall", "sign-in"], ids=["form", "receipt", "wall", "console"])
def test_a_page_is_light_and_all_of_it_is_ours(screen: Open, operator: OperatorClient, lang: str, page: str) -> None:
    path = page.format(operator.send("How heavy is this?"))
    opened = screen(PHONE, lang)
    answers = visited(opened, path)
    base = str(operator.http.base_url)
    files = [
        each for each in answers if each.status == 200 and "/wishes?" not in each.url and "/manifest" not in each.url
    ]
    most = MOST_BYTES_OF_THE_CONSOLE if page == "sign-in" else MOST_BYTES
    assert sum(len(each.body()) for each in files) < most
    assert [each.url for each in answers if not each.url.startswith(base)] == []
    assert opened.context.cookies() == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("page", ["", "wishes/{}"], ids=["form", "receipt"])
def test_what_is_sent_to_a_phone_at_its_first_visit_is_little(
    screen: Open, operator: OperatorClient, lang: str, page: str
) -> None:
    path = page.format(operator.send("How heavy is this?"))
    opened = screen(PHONE, lang)
    answers = visited(opened, path)
    sizes = [answer.request.sizes() for answer in answers if answer.request.resource_type != "fetch"]
    assert len(sizes) >= 5
    assert sum(each["responseHeadersSize"] + each["responseBodySize"] for each in sizes) < MOST_BYTES_SENT[lang]


@pytest.mark.parametrize("page", ["", "wall", "sign-in"])
def test_what_a_page_loads_is_compressed_and_kept_for_a_year(screen: Open, page: str) -> None:
    opened = screen(PHONE)
    assets: list[Response] = []
    opened.on("response", lambda answer: assets.append(answer) if "/assets/" in answer.url else None)
    load(opened, page)
    assert len(assets) >= 2
    for each in assets:
        assert each.headers["cache-control"] == "public, max-age=31536000, immutable", each.url
        assert each.headers.get("content-encoding") == "gzip" or int(each.headers["content-length"]) < 1024, each.url
