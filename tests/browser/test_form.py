import re
from uuid import UUID

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.operator_client import Open
from tests.support.sizes import PHONE, SMALL_PHONE
from web.language import LANGUAGES, texts

BOARDED = 60_000  # milliseconds that a wish may take on a slow machine
EN = texts("en")


def fill(page: Page, message: str, name: str = "", lang: str = "en") -> None:
    said = texts(lang)
    page.get_by_label(said["form"]["message"]).fill(message)
    page.get_by_label(said["form"]["name"]).fill(name)
    page.get_by_label(said["common"]["jupiter"]).check(force=True)


def send(page: Page, message: str, name: str = "", lang: str = "en") -> None:
    page.goto("")
    fill(page, message, name, lang)
    page.get_by_role("button", name=texts(lang)["form"]["send"]).click()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_person_sends_a_wish_and_gets_a_boarding_pass(screen: Open, lang: str) -> None:
    page, said = screen(PHONE, lang), texts(lang)["receipt"]
    send(page, "Water my olive tree", "Ana", lang)
    expect(page.get_by_role("heading", name=said["boarded"])).to_be_visible(timeout=BOARDED)
    expect(page.locator("#message")).to_have_text("Water my olive tree")
    expect(page.locator("#passenger")).to_have_text("Ana")
    expect(page.locator("#arrives")).to_have_text({"en": "1 January 2051", "ja": "2051年1月1日"}[lang])
    expect(page.locator("#pod")).to_have_text(re.compile(r"\d+"))
    expect(page.locator("#seat")).to_have_text(re.compile(r"\d+"))
    expect(page.locator("#journey li").first).to_contain_text(said["steps"]["submitted"])
    expect(page.locator("#wall")).to_have_text(said["wall"]["shown"], timeout=BOARDED)
    assert re.search(r"1-[0-9a-f]{8}-[0-9a-f]{24}", page.locator(".journey").inner_text())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_works_without_script(screen: Open, lang: str) -> None:
    page = screen(PHONE, lang, java_script_enabled=False)
    send(page, "No script here", lang=lang)
    expect(page.get_by_role("heading", name=texts(lang)["receipt"]["boarded"])).to_be_visible(timeout=BOARDED)
    expect(page.locator("#message")).to_have_text("No script here")


def test_each_page_load_has_a_key_of_its_own(phone: Page) -> None:
    keys = set()
    for _ in range(2):
        phone.goto("")
        key = phone.locator("input[name=idempotency_key]").input_value()
        assert UUID(key).version == 4
        keys.add(key)
    assert len(keys) == 2


def test_a_refused_form_keeps_the_text(phone_without_script: Page) -> None:
    page = phone_without_script
    page.route(
        re.compile("wishes$"),
        lambda route: route.continue_(post_data="message=" + "x" * 501 + "&destination=mars&name=Ana"),
    )
    send(page, "replaced on the way by one that is too long")
    expect(page.locator("#message-error")).to_have_text(EN["errors"]["fields"]["message-length"])
    expect(page.get_by_label(EN["form"]["message"])).to_have_value("x" * 501)
    expect(page.get_by_label(EN["form"]["message"])).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label(EN["form"]["name"])).to_have_value("Ana")


def test_with_script_the_mistake_is_told_before_anything_is_sent(phone: Page) -> None:
    sent: list[str] = []
    phone.on("request", lambda request: sent.append(request.method))
    send(phone, "👋" * 501)
    expect(phone.locator("#message-error")).to_have_text(EN["errors"]["fields"]["message-length"])
    assert "POST" not in sent


def test_an_error_goes_when_it_is_mended(phone: Page) -> None:
    phone.goto("")
    phone.locator("#send").click()
    expect(phone.locator("#message-error")).not_to_be_empty()
    expect(phone.locator("#destination-error")).not_to_be_empty()
    phone.locator("#message").fill("There it is")
    expect(phone.locator("#message-error")).to_be_empty()
    phone.get_by_label(EN["common"]["mars"]).check(force=True)
    expect(phone.locator("#destination-error")).to_be_empty()
    expect(phone.locator("fieldset")).not_to_have_attribute("aria-invalid", "true")


def test_500_emoji_are_500_characters(phone: Page) -> None:
    phone.goto("")
    fill(phone, "👋" * 500)
    expect(phone.locator("#count")).to_have_text("500 / 500")


class Line:
    """The phone's connection: answers so many posts badly, counts all, and remembers their keys."""

    def __init__(self, page: Page, bad: int, status: int = 503, retry_after: int = 1) -> None:
        self.bad, self.status, self.retry_after, self.keys = bad, status, retry_after, list[str | None]()
        page.route(re.compile("/wishes$"), self._answer)

    def _answer(self, route: Route) -> None:
        self.keys.append(route.request.headers.get("idempotency-key"))
        if len(self.keys) > self.bad:
            route.continue_()
        elif self.status:
            route.fulfill(
                status=self.status, headers={"Retry-After": str(self.retry_after)}, json={"type": "about:blank"}
            )
        else:
            route.abort("internetdisconnected")


@pytest.mark.parametrize("status", [429, 503, 502, 0], ids=["throttled", "unavailable", "bad gateway", "no network"])
def test_a_bad_line_is_tried_again_with_the_same_key_until_it_is_a_wish(phone: Page, status: int) -> None:
    line = Line(phone, bad=2, status=status)
    send(phone, "Patience")
    expect(phone.locator("#countdown")).to_have_text(re.compile(r"\d"))
    expect(phone.locator("#message")).to_have_value("Patience")
    expect(phone.get_by_role("heading", name=EN["receipt"]["boarded"])).to_be_visible(timeout=BOARDED)
    assert len(line.keys) == 3
    assert len(set(line.keys)) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("status", "words"), [(429, "busy"), (503, "unavailable"), (502, "broken"), (0, "offline")])
def test_each_reason_to_wait_is_told_as_what_it_is(screen: Open, lang: str, status: int, words: str) -> None:
    page = screen(PHONE, lang)
    Line(page, bad=1, status=status, retry_after=60)
    send(page, "What is it this time?", lang=lang)
    expect(page.locator("#reason")).to_have_text(texts(lang)["form"][words])
    expect(page.locator("#message")).to_have_value("What is it this time?")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_receipt_says_on_its_way_of_a_wish_that_was_sent_and_of_no_other_id(screen: Open, lang: str) -> None:
    page, said = screen(PHONE, lang), texts(lang)["receipt"]
    unknown = "wishes/5d3c0bd6-7ef4-4c5e-9a0b-0000000000fe"
    page.goto(unknown)
    expect(page.get_by_role("heading", name=said["unknown"])).to_be_visible()
    expect(page.get_by_text(said["travelling_lead"])).to_be_hidden()
    page.goto("")
    page.goto(f"{unknown}#sent")
    expect(page.get_by_role("heading", name=said["travelling"])).to_be_visible()
    expect(page.get_by_text(said["unknown_lead"])).to_be_hidden()
    send(page, "I was really sent", lang=lang)
    expect(page).to_have_url(re.compile(r"/wishes/[0-9a-f-]{36}(\?lang=ja)?#sent$"))


def test_nobody_has_to_wait_for_the_countdown(phone: Page) -> None:
    line = Line(phone, bad=1, retry_after=60)
    send(phone, "Now!")
    phone.get_by_role("button", name=EN["form"]["try_now"]).click()
    expect(phone.get_by_role("heading", name=EN["receipt"]["boarded"])).to_be_visible(timeout=BOARDED)
    assert len(line.keys) == 2


def test_the_text_outlives_a_reload_and_stays_the_same_wish(phone: Page) -> None:
    line = Line(phone, bad=10**6, status=0)
    send(phone, "Do not lose me", "Ana")
    expect(phone.locator("#countdown")).to_have_text(re.compile(r"\d"))
    phone.reload()
    expect(phone.locator("#message")).to_have_value("Do not lose me")
    expect(phone.get_by_label(EN["common"]["jupiter"])).to_be_checked()
    line.bad = 0
    phone.get_by_role("button", name=EN["form"]["send"]).click()
    expect(phone.get_by_role("heading", name=EN["receipt"]["boarded"])).to_be_visible(timeout=BOARDED)
    assert len(set(line.keys)) == 1


def test_a_double_tap_is_one_wish(phone: Page) -> None:
    line = Line(phone, bad=0)
    phone.goto("")
    fill(phone, "Twice?")
    phone.get_by_role("button", name=EN["form"]["send"]).dblclick()
    expect(phone.get_by_role("heading", name=EN["receipt"]["boarded"])).to_be_visible(timeout=BOARDED)
    assert len(line.keys) == 1


def test_the_keyboard_is_enough(phone: Page) -> None:
    phone.goto("")
    phone.locator("#message").focus()
    phone.keyboard.type("Typed, not tapped")
    phone.keyboard.press("Tab")
    phone.keyboard.press("ArrowDown")
    phone.keyboard.press("Tab")
    phone.keyboard.type("Ana")
    phone.keyboard.press("Enter")
    expect(phone.locator("#passenger")).to_have_text("Ana", timeout=BOARDED)


def test_another_language_keeps_what_was_typed(phone: Page) -> None:
    phone.goto("")
    fill(phone, "Still here")
    phone.get_by_role("link", name=EN["common"]["other_name"]).click()
    expect(phone.locator("html")).to_have_attribute("lang", "ja")
    expect(phone.locator("#message")).to_have_value("Still here")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("size", [PHONE, SMALL_PHONE], ids=["phone", "small phone"])
def test_everything_that_is_tapped_fits_on_one_screen(screen: Open, lang: str, size: dict[str, int]) -> None:
    page = screen(size, lang)
    page.goto("")
    box = page.get_by_role("button", name=texts(lang)["form"]["send"]).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= size["height"]
    for target in page.locator("button, textarea, .choice, input#name").all():
        size_of = target.bounding_box()
        assert size_of is not None
        assert min(size_of["width"], size_of["height"]) >= 44


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_page_never_scrolls_sideways(phone: Page, width: int) -> None:
    phone.set_viewport_size({"width": width, "height": 700})
    phone.goto("")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
