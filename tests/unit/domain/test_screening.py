import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import WishHeld, WishSubmitted
from domain.screening import HeldWords, comparison_form, screen
from frontend.escape import escape
from frontend.sanitise import normalise
from parser.held_words import load_held_words
from tests.support.samples import submitted

WORDS = load_held_words(frozenset(["Teapot", "やかん", "bootlicker", "go away"]))


def reason(text: str, name: str | None = None) -> str | None:
    wish = submitted(escape(text)).model_copy(update={"name": name})
    held = screen(wish, WORDS)
    return held.reason if held else None


@pytest.mark.parametrize(
    "text",
    [
        "What a shit day",
        "SHIT!",
        "shiiiiit",
        "sh1t happens",
        "$h!t",
        "s h i t",
        "s.h.i.t",
        "ｓｈｉｔ",
        "shít",
        "s\u0336h\u0336i\u0336t\u0336",
        "sh\u20ddit",
        "sh\u200dit",
        "a boooootlicker",
        "Go, \n AWAY!",
        "my teapot",
        "お前は馬鹿だ",
        "やかんを忘れた",
        "この馬鹿やろう",
        "scheiße",
    ],
)
def test_a_word_of_the_list_is_held_in_every_disguise(text: str) -> None:
    assert reason(text) == "word"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("see https://band.example", "link"),
        ("come to band.com tonight", "link"),
        ("www.band.example", "link"),
        ("bit.ly/x1", "link"),
        ("youtu.be/abc", "link"),
        ("write to me@home.example", "contact"),
        ("call +49 170 1234567", "contact"),
        ("call 090-1234-5678", "contact"),
        ("a" * 40, "repetition"),
        ("buy " * 10, "repetition"),
        ("up\n\n\n\n\n\n\n\n\n\ndown", "repetition"),
        ("Z\u0338\u0322\u035a\u0357\u0324\u0316\u0357\u0354a", "stacked-marks"),
        ("a\u20dd\u20dd\u20dd\u20dd\u20dd", "stacked-marks"),
        ("sсrоlls of Саrthage", "look-alikes"),
    ],
)
def test_a_suspicious_wish_is_held_with_the_reason(text: str, why: str) -> None:
    assert reason(text) == why


@pytest.mark.parametrize(
    "text",
    [
        "Tell the whales we are sorry.",
        "Scunthorpe and Essex send their love",
        "a class of its own, passed with a glass",
        "お母さん、ありがとう。元気でね",
        "とても良い思い出です",
        "やくそくだよ",
        "わらってばかりいた",
        "コロンブスのシネマとカステラ",
        "宇宙デブリに気をつけて",
        "Он застрахуй свой дом",
        "بالعكس",
        "Привет всем",
        "Nguyễn Thị Ánh, nhớ quá",
        "שָׁלוֹם לכולם",
        "ขอบคุณทุกคน ที่นี่",
        "می‌خواهم برگردم",
        "👩‍👩‍👧‍👦 👋🏽 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "Water the plants at 18:30 on 2045-01-01",
        "1, 2, 3 and we are off... really!!!",
        "<script>alert(1)</script>",
        "x" * 25,
        "ㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋ",
        "ha ha ha ha ha ha ha",
        "5555555555555",
        "❤️❤️❤️❤️❤️❤️❤️❤️❤️❤️❤️❤️❤️",
        "train en retard",
        "タクソノミーとファックスとうんちく",
        "アホウドリのこころすこやか",
        "Grüße an Oma.de Liebe",
        "5μm at 30 °C, 10 kΩ",
        "死ねない理由がある",
        "\U00017000\U00017001",  # Tangut: Python has no names of these letters
    ],
)
def test_an_ordinary_wish_is_not_held(text: str) -> None:
    assert reason(normalise(text)) is None


def test_a_name_is_screened_too() -> None:
    assert reason("Goodbye", name="Shit Head") == "word"


def test_four_marks_on_a_letter_are_not_held_and_five_are() -> None:
    marks = "\u0330\u0331\u0332\u0333\u0334"
    assert [reason(f"x{marks[:4]}x{marks[:4]}"), reason(f"x{marks}")] == [None, "stacked-marks"]
    assert [reason("Goodbye", name=marks[:4]), reason("Goodbye", name=marks)] == [None, "stacked-marks"]


def test_a_name_or_message_that_is_not_there_is_no_text() -> None:
    erased = submitted().model_copy(update={"message": None})
    assert screen(erased, HeldWords(["none", "xxxx"])) is None


@pytest.mark.parametrize("invisible", ["\u200b", "\ufeff", "\u0301"])
def test_a_word_of_which_nothing_can_be_seen_holds_no_wish(invisible: str) -> None:
    words = HeldWords(["teapot", invisible])
    assert screen(submitted("hello world"), words) is None
    assert screen(submitted("a teapot"), words) == WishHeld(reason="word")


def test_the_word_list_is_in_its_comparison_form() -> None:
    assert all(comparison_form(word) == word for word in WORDS.whole | WORDS.anywhere)


@given(st.text(max_size=500))
def test_no_text_makes_the_screening_fail(text: str) -> None:
    wish = WishSubmitted(destination="mars", message=escape(normalise(text)) or "x", digest="0" * 64)
    assert isinstance(screen(wish, WORDS), WishHeld | None)
