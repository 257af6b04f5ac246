"""The repository's documentation as pages, and nothing else of the repository."""

import re
from html.parser import HTMLParser

import pytest

from lastwish.local.proxy.documents import document, page
from tests.support import ROOT

PAGES = sorted(f"/{path.relative_to(ROOT)}" for path in (ROOT / "docs").rglob("*.md"))


class Links(HTMLParser):
    """Names and links of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names, self.links, self.elements = set[str](), list[str](), set[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.names |= {value or "" for name, value in attrs if name == "id"}
        self.links += [value or "" for name, value in attrs if name == "href" and tag == "a"]


def links_of(path: str) -> Links:
    found = document(path)
    assert found is not None, path
    return Links(bytes(found.body).decode())


def test_a_runbook_is_a_page_with_its_title_and_runs_no_script() -> None:
    found = document("/docs/runbooks/store-refuses.md")

    assert found is not None
    body = bytes(found.body).decode()
    assert "<title>DynamoDB refuses · Last Wish</title>" in body
    assert '<h2 id="what-the-audience-sees">' in body
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert "script" not in Links(body).elements


@pytest.mark.parametrize("path", PAGES)
def test_links_inside_the_documentation_lead_somewhere(path: str) -> None:
    folder = (ROOT / path.lstrip("/")).parent
    for link in links_of(path).links:
        target, _, name = link.partition("#")
        file = (folder / target).resolve() if target else ROOT / path.lstrip("/")
        if ":" in link or not file.is_relative_to(ROOT / "docs") or file.suffix != ".md":
            continue
        there = links_of(f"/{file.relative_to(ROOT)}")
        assert not name or name in there.names, link


@pytest.mark.parametrize(
    "path",
    [
        "/docs/",
        "/docs/nowhere.md",
        "/docs/../README.md",
        "/docs/runbooks/../../README.md",
        "/docs//etc/passwd.md",
        "/README.md",
        "/docs/openapi.yaml",
        "/docs/runbooks/store-refuses.md\n",
        "/lastwish/local/proxy/documents.css",
        pytest.param(f"/docs/{'a' * 300}.md", id="a long name"),
        pytest.param(f"/docs/{'願' * 99}.md", id="a long name in UTF-8"),
        pytest.param(f"/docs/{'a/' * 5000}a.md", id="a long path"),
    ],
)
def test_what_is_no_page_of_the_documentation_has_no_answer(path: str) -> None:
    assert document(path) is None


def test_text_of_a_document_stays_text_in_its_title() -> None:
    assert "<title>a &lt;b&gt; &amp; c · Last Wish</title>" in page("# a <b> & c\n")


def test_the_style_of_a_page_is_there() -> None:
    (style,) = re.findall(r'stylesheet" href="([^"]+)"', page("# x\n"))
    found = document(style)

    assert found is not None
    assert found.headers["content-type"].startswith("text/css")
