import pytest

from domain.events import Event, WishAccepted, WishRejected
from domain.rules import judge
from tests.support.samples import submitted


@pytest.mark.parametrize(
    ("message", "closed", "verdict"),
    [
        ("Goodbye", [], WishAccepted()),
        ("Goodbye", ["jupiter"], WishAccepted()),
        ("Goodbye", ["mars"], WishRejected(reason="boarding-closed")),
        ("https://buy.example/?a=1&amp;b=2", [], WishRejected(reason="only-links")),
        ("www.buy.example\nHTTP://other.example/x", [], WishRejected(reason="only-links")),
        ("see https://buy.example", [], WishAccepted()),
        ("https://", [], WishAccepted()),
    ],
)
def test_the_rules_judge_a_wish(message: str, closed: list[str], verdict: Event) -> None:
    assert judge(submitted(message), closed=closed) == verdict
