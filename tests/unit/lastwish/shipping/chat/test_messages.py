"""Texts for Slack: nothing in them is a link or a mention, and none is longer than Slack takes."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastwish.shipping.chat.messages import dialog, escaped, linked, pieces

LONGEST_IN_A_SECTION = 3000  # Slack: "Section block"
HOSTILE = ["<!channel>", "<https://evil.example|here>", "<@U0ANA>", "a & b", "&lt;!here&gt;"]


@pytest.mark.parametrize("text", HOSTILE)
def test_slack_finds_neither_link_nor_mention_in_a_text(text: str) -> None:
    assert not set("<>") & set(escaped(text))
    assert html.unescape(escaped(text)) == text


@given(st.lists(st.text(st.characters(blacklist_characters="\n"), max_size=2000) | st.sampled_from(HOSTILE)))
def test_lines_become_texts_that_slack_takes_and_nothing_is_lost(lines: list[str]) -> None:
    texts = pieces(*lines)
    assert all(0 < len(text) <= LONGEST_IN_A_SECTION for text in texts)
    assert not set("<>") & set("".join(texts))
    if any(lines):
        kept = html.unescape("".join(texts))
        assert re.sub(r"\s", "", kept) == re.sub(r"\s", "", "".join(lines))


def test_a_text_is_never_cut_within_an_escaped_character() -> None:
    texts = pieces("&" * 5000)
    assert len(texts) > 5
    assert set("".join(texts).replace("&amp;", "")) <= {"\n"}


def test_an_address_is_a_link() -> None:
    assert linked("https://last.example/a.md?b=1&c", "runbook") == "<https://last.example/a.md?b=1&amp;c|runbook>"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "docs/runbooks/sold-out.md",
        "https://a|b",
        "https://a> <!channel>",
        "https://a\n<!here>",
        "",
    ],
)
def test_what_is_no_address_is_a_text(address: str) -> None:
    text = linked(address, "runbook")
    assert not set("<>") & set(text)
    assert html.unescape(text) == f"runbook: {address}"


def test_a_dialog_asks_for_a_choice_or_else_for_a_text() -> None:
    (chosen,) = dialog("choose", "Which?", "deploy C1", ("dev", "prod"))["blocks"]
    (typed,) = dialog("name", "Type dev", "key")["blocks"]
    assert [each["value"] for each in chosen["element"]["options"]] == ["dev", "prod"]
    assert typed["element"]["type"] == "plain_text_input"
