"""`make pictures`: the pictures of the pages in docs/images, taken from the real stack in a real Chromium.

Every page in both languages: the form and the receipt on a phone, the console on a laptop, the wall on a projector.
"""

import sys
from itertools import cycle

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support import ROOT
from tests.support.chromium import FLAGS, chromium
from tests.support.laptop import Stack, a_stack, operator_account, wait_until
from tests.support.sizes import LAPTOP, PHONE, PROJECTOR

IMAGES = ROOT / "docs" / "images"
WISHES = [
    ("Plant something that takes a hundred years.", "Tom"),
    ("母の庭の桜を、どうか切らないで。", "さくら"),
    ("Keep the lighthouse on. Somebody may still be out there.", None),
    ("Dejad la puerta abierta, por si volvemos.", "Lucía"),
    ("أخبروا البحر أننا أحببناه", "Noor"),
    ("Feed the cat. Her name is Biscuit.", "Ana"),
    ("おばあちゃんの味噌汁の作り方を、誰か覚えていて。", None),
    ("Turn off the lights so that the stars come back.", "Ben"),
    ("Sagt den Bergen, dass ich wiederkomme.", "Jonas"),
    ("请替我看看明年的第一场雪", None),
    ("Read to the children every night, even when you are tired.", "Mum"),
    ("I forgive everyone. Yes, you too, Dad.", "Mia"),
    ("תשמרו על הזית של סבא", None),
    ("Leave the piano tuned.", "R."),
    ("<b>Somebody</b> please return my library book", "<script>"),
]
NEWEST = {
    "en": ("Turn the lights off when you go.", "Plant something that takes a hundred years.", "Tom"),
    "ja": ("ただいま、と言える場所を残してください。", "母の庭の桜を、どうか切らないで。", "さくら"),
}
HELD = [("Visit my shop at www.last-deal.example", "Max"), ("hahahahahahahahahahahahaha aaaaaaaaaaaaaaaaaaa", None)]


def main() -> None:
    path = chromium()
    if path is None:
        sys.exit("no Chromium on this machine: install Debian's chromium to take pictures")
    with a_stack() as stack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        wish_id = _fill(stack)
        for lang in ("en", "ja"):
            _phone(browser, stack, lang, wish_id)
            _wall(browser, stack, lang)
            _console(browser, stack, lang)
        browser.close()


def _fill(stack: Stack) -> str:
    """A show that has been going on for a while; the first wish's id."""
    ships = cycle(["mars", "jupiter", "mars"])
    with httpx.Client(base_url=stack.url, timeout=60, trust_env=False) as http:
        ids = []
        for text, name in [*WISHES * 5, *HELD]:
            wish = {"message": text, "destination": next(ships)} | ({"name": name} if name else {})
            ids.append(http.post("wishes", json=wish).json()["wish_id"])
        assert wait_until(lambda: http.get(f"wishes/{ids[0]}").status_code == 200)
        assert wait_until(lambda: http.get(f"wishes/{ids[0]}").json()["visibility"] == "shown")
        assert wait_until(lambda: len(http.get("wishes?limit=100").json()["wishes"]) > 60)
        return str(ids[0])


def _page(browser: Browser, stack: Stack, lang: str, size: dict[str, int], scale: float = 1) -> Page:
    context = browser.new_context(
        base_url=stack.url,
        viewport={"width": size["width"], "height": size["height"]},
        device_scale_factor=scale,
        locale={"en": "en-GB", "ja": "ja-JP"}[lang],
        color_scheme="dark",
    )
    return context.new_page()


def _take(page: Page, name: str) -> None:
    IMAGES.mkdir(exist_ok=True)
    page.screenshot(path=IMAGES / f"{name}.jpg", type="jpeg", quality=82)
    page.context.close()


def _phone(browser: Browser, stack: Stack, lang: str, wish_id: str) -> None:
    page = _page(browser, stack, lang, PHONE, 1.5)
    page.goto("")
    page.locator("textarea").fill(WISHES[0][0] if lang == "en" else WISHES[1][0])
    page.locator("input[value=mars]").check(force=True)
    _take(page, f"form-{lang}")
    page = _page(browser, stack, lang, PHONE, 1.5)
    page.goto(f"wishes/{wish_id}")
    page.wait_for_timeout(1000)
    _take(page, f"receipt-{lang}")


def _wall(browser: Browser, stack: Stack, lang: str) -> None:
    page = _page(browser, stack, lang, PROJECTOR)
    page.goto("wall")
    page.wait_for_timeout(6_000)
    newest = NEWEST[lang]
    with httpx.Client(base_url=stack.url, timeout=60, trust_env=False) as http:
        for text, to in [(newest[0], "jupiter"), (newest[1], "mars")]:
            http.post("wishes", json={"message": text, "destination": to, "name": newest[2]})
            page.locator("#stage").get_by_text(text).wait_for(timeout=60_000)
    page.wait_for_timeout(2_500)  # until it stands where it is read
    _take(page, f"wall-{lang}")


def _console(browser: Browser, stack: Stack, lang: str) -> None:
    name, password = operator_account(stack, "ana", "operators")
    page = _page(browser, stack, lang, LAPTOP)
    page.goto("sign-in")
    page.locator("input[autocomplete=username]").fill(name)
    page.locator("input[type=password]").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_timeout(4000)
    if lang == "en":
        _take_view(page, "mission-en")
    _take(page, f"console-{lang}")


def _take_view(page: Page, name: str) -> None:
    """Mission control, once the metrics of all that was sent are there; and back."""
    page.goto("sign-in#mission")
    page.locator(".tiles").wait_for()
    page.wait_for_timeout(8000)
    page.screenshot(path=IMAGES / f"{name}.jpg", type="jpeg", quality=82)
    page.goto("sign-in")
    page.wait_for_timeout(2000)


if __name__ == "__main__":
    main()
