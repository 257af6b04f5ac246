import html
import json
import re
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import segno

from tests.support import ROOT
from tests.support.functions import Invoke
from tests.support.http import BROWSER, get_event, header
from tests.support.samples import WISH_ID, sample
from tests.support.texts import every_text
from web.language import LANGUAGES, texts


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/assets/form.js", "text/javascript; charset=utf-8"),
        ("/assets/style.css", "text/css; charset=utf-8"),
        ("/assets/show-ja.json", "application/json; charset=utf-8"),
        ("/health", "application/json"),
    ],
)
def test_the_pages_are_there(frontend: ModuleType, invoke: Invoke, path: str, media_type: str) -> None:
    answer = invoke(frontend, get_event(path))
    assert answer["statusCode"] == 200
    assert header(answer, "Content-Type") == media_type
    assert header(answer, "X-Content-Type-Options") == "nosniff"


@pytest.mark.parametrize(
    ("path", "accept_language", "lang"),
    [("/", "", "en"), ("/", "ja-JP,ja;q=0.9,en;q=0.8", "ja"), ("/wall", "ja", "ja"), ("/wall", "de", "en")],
)
def test_a_page_is_in_the_browsers_language(
    frontend: ModuleType, invoke: Invoke, path: str, accept_language: str, lang: str
) -> None:
    event = get_event(path)
    event["headers"]["Accept-Language"] = accept_language
    answer = invoke(frontend, event)
    assert f'<html lang="{lang}"' in answer["body"]
    assert "Accept-Language" in header(answer, "Vary")


def test_a_link_chooses_the_language(frontend: ModuleType, invoke: Invoke) -> None:
    answer = invoke(frontend, {**get_event("/"), "queryStringParameters": {"lang": "ja"}})
    assert '<html lang="ja"' in answer["body"]


def test_a_refused_form_has_the_reason_in_its_language(frontend: ModuleType, invoke: Invoke) -> None:
    event = sample("frontend-form-post")
    event["body"] = "lang=ja&message=&destination=earth&unknown=1"
    page = invoke(frontend, event)["body"]
    fields = texts("ja")["errors"]["fields"]
    assert all(html.escape(fields[code]) in page for code in ("message-length", "destination", "unknown"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_problem_that_a_form_can_meet_has_words(lang: str) -> None:
    words = texts(lang)["errors"]
    kinds = ["bad-request", "too-large", "unsupported-media-type", "invalid-wish", "unavailable", "internal"]
    codes = ["message-length", "name-length", "destination", "text", "unknown", "twice"]
    assert all(words[kind] for kind in kinds)
    assert all(words["fields"][code] for code in codes)


def test_an_asset_is_kept_for_a_year_under_its_hashed_name(frontend: ModuleType, invoke: Invoke) -> None:
    page = invoke(frontend, get_event("/"))["body"]
    [path] = re.findall(r'src="(assets/form\.[0-9a-f]{8}\.js)"', page)
    current = invoke(frontend, get_event(f"/{path}"))
    assert header(current, "Cache-Control") == "public, max-age=31536000, immutable"
    for name in ("form.00000000.js", "form.js"):  # a page from before or after a deployment
        other = invoke(frontend, get_event(f"/assets/{name}"))
        assert (other["body"], header(other, "Cache-Control")) == (current["body"], "public, max-age=60")


@pytest.mark.parametrize("script", sorted((ROOT / "src/web/assets").glob("*.js")), ids=lambda script: script.stem)
def test_a_script_travels_without_its_comments_and_keeps_its_line_numbers(
    frontend: ModuleType, invoke: Invoke, script: Path
) -> None:
    source = script.read_text().splitlines()
    lines = invoke(frontend, get_event(f"/assets/{script.name}"))["body"].splitlines()
    assert len(lines) == len(source)
    assert [line for line in lines if re.search(r"(^|\s)//", line)] == []
    changed = [was for line, was in zip(lines, source, strict=True) if line != was]
    assert [was for was in changed if "//" not in was and '.js"' not in was] == []


def test_what_is_no_comment_stays(frontend: ModuleType, invoke: Invoke) -> None:
    body = invoke(frontend, get_event("/assets/elements.js"))["body"]
    assert 'const SVG = "http://www.w3.org/2000/svg";' in body


def test_texts_that_scripts_load_are_those_of_their_language(frontend: ModuleType, invoke: Invoke) -> None:
    page = invoke(frontend, get_event("/wall"))["body"]
    [path] = re.findall(r'data-texts="(assets/show-en\.[0-9a-f]{8}\.json)"', page)
    texts_of_a_show = json.loads(invoke(frontend, get_event(f"/{path}"))["body"])
    assert texts_of_a_show.items() <= every_text("en").items()


@pytest.mark.parametrize("file", ["style.css", "wall.css", "pass.css"])
def test_a_style_travels_without_its_comments(frontend: ModuleType, invoke: Invoke, file: str) -> None:
    source = (ROOT / "src/web/assets" / file).read_text()
    body = invoke(frontend, get_event(f"/assets/{file}"))["body"]
    assert "/*" in source
    assert "/*" not in body
    assert body.count("{") == source.count("{")


def test_the_qr_code_leads_to_the_public_address_whatever_the_request_says(
    frontend: ModuleType, invoke: Invoke
) -> None:
    event = get_event("/qr.svg")
    event["headers"] |= {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    answer = invoke(frontend, event)
    drawn = BytesIO()
    segno.make("https://last.example/", error="m").save(drawn, kind="svg", border=4, light="#fff", xmldecl=False)
    assert (header(answer, "Content-Type"), answer["body"]) == ("image/svg+xml", drawn.getvalue().decode())


def test_the_page_forbids_inline_script(frontend: ModuleType, invoke: Invoke) -> None:
    answer = invoke(frontend, get_event("/"))
    policy = header(answer, "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "<script>" not in answer["body"]
    assert "style=" not in answer["body"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/problem+json"),
        ("*/*", "application/problem+json"),
        ("application/json", "application/problem+json"),
        ("application/json, text/html;q=0.5", "application/problem+json"),
        (BROWSER, "text/html; charset=utf-8"),
        ("text/html;q=0.9, application/json;q=0.1", "text/html; charset=utf-8"),
        ("text/html;q=x", "application/problem+json"),
    ],
)
def test_people_get_pages_and_programs_get_json(
    frontend: ModuleType, invoke: Invoke, accept: str, media_type: str
) -> None:
    assert header(invoke(frontend, get_event(f"/wishes/{WISH_ID}", accept)), "Content-Type") == media_type


@pytest.mark.parametrize(
    ("path", "query", "status", "kind"),
    [
        ("/wishes/xyz", None, 404, "not-found"),
        ("/assets/x.js", None, 404, "not-found"),
        ("/wishes", {"after": "bogus"}, 422, "invalid-query"),
        ("/wishes", {"limit": "0"}, 422, "invalid-query"),
    ],
)
@pytest.mark.parametrize("content_type", ["", "application/x-www-form-urlencoded"])
def test_a_browser_gets_problems_as_pages(
    frontend: ModuleType, invoke: Invoke, path: str, query: Any, status: int, kind: str, content_type: str
) -> None:
    event = {**get_event(path, BROWSER), "queryStringParameters": query}
    event["headers"] |= {"Content-Type": content_type, "Accept-Language": "ja"}
    answer = invoke(frontend, event)
    assert (answer["statusCode"], header(answer, "Content-Type")) == (status, "text/html; charset=utf-8")
    assert texts("ja")["errors"][kind] in answer["body"]


def test_only_a_page_with_the_form_says_that_the_text_is_kept(frontend: ModuleType, invoke: Invoke) -> None:
    event, said = sample("frontend-form-post"), texts("en")["form"]["kept"] + "</p>"
    event["body"] = "message=one&message=two&destination=mars"
    assert said not in invoke(frontend, event)["body"]
    event["body"] = "message=kept&destination=earth"
    assert said in invoke(frontend, event)["body"]
