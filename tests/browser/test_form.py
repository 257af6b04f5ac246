import re
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.laptop import Stack, wait_until
from tests.samples import HOSTILE

BOARDED = 60_000  # milliseconds that a wish may take on a slow machine


def send(page: Page, message: str, name: str = "") -> None:
    page.goto("")
    page.get_by_label("Your last wish").fill(message)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Jupiter").check(force=True)
    page.get_by_role("button", name="Send it").click()


def test_a_person_sends_a_wish_and_sees_it_boarded(phone: Page) -> None:
    send(phone, "Water my olive tree", "Ana")
    expect(phone.get_by_role("heading", name="Boarded")).to_be_visible(timeout=BOARDED)
    expect(phone.get_by_text("Water my olive tree")).to_be_visible()
    expect(phone.get_by_text("Ana")).to_be_visible()
    expect(
        phone.get_by_text(re.compile(r"travels to Jupiter, pod \d+, seat \d+, and arrives on 2051-01-01"))
    ).to_be_visible()


def test_it_works_without_script(phone_without_script: Page) -> None:
    send(phone_without_script, "No script here")
    expect(phone_without_script.get_by_role("heading", name="Boarded")).to_be_visible(timeout=BOARDED)


def test_each_page_load_has_a_key_of_its_own(phone: Page) -> None:
    keys = set()
    for _ in range(2):
        phone.goto("")
        keys.add(UUID(phone.locator("input[name=idempotency_key]").input_value()).version)
        keys.add(phone.locator("input[name=idempotency_key]").input_value())
    assert 4 in keys
    assert len(keys) == 3


def test_a_refused_form_keeps_the_text(phone_without_script: Page) -> None:
    page = phone_without_script
    page.route(
        re.compile("wishes$"),
        lambda route: route.continue_(post_data="message=" + "x" * 501 + "&destination=mars&name=Ana"),
    )
    send(page, "replaced on the way by one that is too long")
    expect(page.get_by_role("alert")).to_contain_text("message: This must be 1 to 500 characters long.")
    expect(page.get_by_label("Your last wish")).to_have_value("x" * 501)
    expect(page.get_by_label("Your name")).to_have_value("Ana")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_typed_and_runs_nothing(phone: Page, stack: Stack, text: str) -> None:
    with httpx.Client(base_url=stack.url, trust_env=False) as http:
        wish = {"message": text, "destination": "mars", "name": text[:20]}
        wish_id = http.post("wishes", json=wish).json()["wish_id"]
        assert wait_until(lambda: http.get(f"wishes/{wish_id}").status_code == 200)
    phone.goto(f"wishes/{wish_id}")
    assert phone.locator("blockquote").text_content() == text
    assert phone.locator("blockquote *").count() == 0
    assert phone.locator("figcaption").text_content() == text[:20].strip()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_page_never_scrolls_sideways(phone: Page, width: int) -> None:
    phone.set_viewport_size({"width": width, "height": 700})
    phone.goto("")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
