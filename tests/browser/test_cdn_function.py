"""The function at CloudFront's edge, taken out of the template and run: it must choose as src/web/language.py does."""

import html
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.template import EDGE, load, routes
from web.language import language, texts

CODE: str = load(EDGE)["Resources"]["AtTheEdge"]["Properties"]["FunctionCode"]
# In a function of its own, so that its names are not those of the page; strict, as the edge is.
RUN = "([code, event]) => new Function('event', `'use strict'; ${code}; return handler(event);`)(event)"

type Edge = Callable[[str, dict[str, str], dict[str, str]], dict[str, Any]]

ACCEPT_LANGUAGE = [
    "",
    "en",
    "ja",
    "ja-JP",
    "JA-jp",
    "ja,en-US;q=0.9,en;q=0.8",
    "en-GB,en;q=0.9,ja;q=0.8",
    "ja;q=0.4,en;q=0.6",
    "en;q=0.6, ja;q=0.7",
    "ja;q=0.5,en;q=0.5",
    "de-DE,de;q=0.9",
    "de,ja;q=0.1",
    "de, fr;q=0.8, ja;q=0.3, en;q=0.2",
    "*",
    "*,ja;q=0.5",
    "ja;q=0",
    "en;q=0,ja;q=0.001",
    "ja;q=1.0,en;q=1",
    "ja;q=1.,en;q=.9",
    "ja;q=.9,en;q=.95",
    "ja;q=",
    "ja;q=.",
    "ja;q=high",
    "ja;q=-1",
    "ja;q=+1",
    "ja;q=1e3",
    "ja;q=0x1",
    "ja;q=1.2.3",
    "ja;q=NaN,en;q=0.1",
    "ja;q=Infinity",
    "en;q=0.9,ja;q=99",
    "en,ja;q=" + "9" * 400,
    "ja; q=0.9 , en ; q=0.8",
    "ja ;level=1; q=0.2, en;q=0.3",
    "ja;Q=0.2,en;q=0.3",
    "ja;q=0.2;q=0.9,en;q=0.5",
    "ja;q =0.2,en;q=0.9",
    "ja_JP",
    "jam,enx",
    "ja-,en;q=0.9",
    "-ja",
    ",,,ja,,",
    ";;q=1,ja",
    "ja-JP;q=0.3,ja;q=0.8,en;q=0.5",
    "en-US;q=0.9,ja;q=0.9,en;q=0.1",
    "toString,constructor;q=0.9,__proto__,hasOwnProperty",
    "ja\t;q=0.7,\ten;q=0.6",
    "japanese, english",
    "en" * 2000 + ",ja",
]
ASKED = ["", "en", "ja", "JA", "de", "ja ", "__proto__", "<script>"]


@pytest.fixture(scope="module")
def edge(browser: Browser) -> Iterator[Edge]:
    """The function as CloudFront calls it: path, headers and query in; the request that goes on, or an answer, out."""
    page = browser.new_page()

    def call(uri: str, headers: dict[str, str], query: dict[str, str]) -> dict[str, Any]:
        values = [{name: {"value": value} for name, value in each.items()} for each in (headers, query)]
        request = {"method": "GET", "uri": uri, "headers": values[0], "querystring": values[1], "cookies": {}}
        found: dict[str, Any] = page.evaluate(RUN, [CODE, {"version": "1.0", "request": request}])
        return found

    yield call
    page.close()


def concrete(path: str) -> str:
    return path.replace("{wish_id}", "5b0e9a7e-0000-4000-8000-000000000000").replace("{file}", "form.js")


@pytest.mark.parametrize("header", ACCEPT_LANGUAGE)
def test_the_edge_and_the_frontend_choose_the_same_language(edge: Edge, header: str) -> None:
    passed = edge("/", {"accept-language": header}, {})
    assert passed["headers"]["accept-language"] == {"value": language("", header)}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("header", ["", "en", "ja"])
def test_the_edge_and_the_frontend_heed_the_same_link(edge: Edge, asked: str, header: str) -> None:
    passed = edge("/wall", {"accept-language": header}, {"lang": asked})
    assert passed["headers"]["accept-language"] == {"value": language(asked, header)}


def test_the_frontend_chooses_again_what_the_edge_chose(edge: Edge) -> None:
    """The origin sees no ``lang``, only the header: it must come to the same page."""
    for asked, header in (("ja", "en"), ("en", "ja"), ("", "ja"), ("", "")):
        passed = edge("/", {"accept-language": header}, {"lang": asked})
        assert language("", passed["headers"]["accept-language"]["value"]) == language(asked, header)


def test_without_any_header_the_page_is_english(edge: Edge) -> None:
    assert edge("/", {}, {})["headers"] == {"accept-language": {"value": "en"}}


def test_nothing_else_of_the_request_is_touched(edge: Edge) -> None:
    passed = edge("/wall", {"accept-language": "ja", "if-none-match": '"a"'}, {"x": "random"})
    assert passed["uri"] == "/wall"
    assert passed["headers"]["if-none-match"] == {"value": '"a"'}
    assert passed["querystring"] == {"x": {"value": "random"}}


@pytest.mark.parametrize("path", sorted({concrete(path) for _, path in routes(operators=True)}))
def test_the_edge_knows_no_route_of_the_operators(edge: Edge, path: str) -> None:
    answer = edge(path, {"authorization": "Bearer x"}, {})
    assert answer["statusCode"] == 404
    assert answer["headers"]["cache-control"] == {"value": "no-store"}


@pytest.mark.parametrize("path", ["/wp-login.php", "//", "/wall/", "/./wall", "/wishes/../console", "/%77all", ""])
def test_the_edge_answers_what_is_no_page(edge: Edge, path: str) -> None:
    assert edge(path, {}, {})["statusCode"] == 404


def test_the_edge_shows_people_a_page_for_what_is_no_page_and_programs_a_problem(edge: Edge) -> None:
    person = edge("/wp-login.php", {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, {})
    assert (person["statusCode"], person["headers"]["content-type"]["value"]) == (404, "text/html; charset=utf-8")
    assert person["headers"]["cache-control"] == {"value": "no-store"}
    assert all(texts(lang)["errors"]["not-found"] in html.unescape(person["body"]) for lang in ("en", "ja"))
    for accept in ({}, {"accept": "*/*"}, {"accept": "application/json"}):
        program = edge("/wp-login.php", accept, {})
        assert program["headers"]["content-type"] == {"value": "application/problem+json"}


def test_the_firewall_is_told_the_viewers_address_and_not_what_the_viewer_says(browser: Browser) -> None:
    code = load(EDGE)["Resources"]["NamesTheViewer"]["Properties"]["FunctionCode"]
    claimed = {"x-lastwish-viewer": {"value": "203.0.113.9"}, "accept": {"value": "text/html"}}
    request = {"method": "POST", "uri": "/wishes", "headers": claimed, "querystring": {}, "cookies": {}}
    page = browser.new_page()
    passed = page.evaluate(RUN, [code, {"viewer": {"ip": "2001:db8::7"}, "request": request}])
    page.close()
    assert passed == request | {"headers": claimed | {"x-lastwish-viewer": {"value": "2001:db8::7"}}}
