"""A finished load as facts, as a table, as a page and as CSV."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import html5lib
import pytest
from rich.console import Console

from lastwish.load import report
from lastwish.load.html_report import render
from lastwish.load.plan import PlanOptions
from lastwish.load.results import FinishedLoad, Outcome, QueueSample
from lastwish.load.terminal_report import results_table
from lastwish.load.wishes import texts
from tests.support.loads import AUDIT, finished_load, result

HTML = "{http://www.w3.org/1999/xhtml}"
EVIL = "<script>alert(1)</script><img src=https://evil.example/x onerror=alert(1)>\"'"

_ON_ITS_WAY = {"kind": "in-flight", "wish_id": "w", "detail": "d"}
TRAVELLING = {**AUDIT, "ok": False, "accepted": 9, "stored": 8, "in_flight": 1, "differences": [_ON_ITS_WAY]}


def elements(html: str) -> list[Any]:
    return list(html5lib.parse(html).iter())


def html_elements(html: str) -> list[str]:
    """Return the tags without those of the plots, whose ticks depend on the room that the labels leave."""
    return [each.tag for each in elements(html) if str(each.tag).startswith(HTML)]


def text_of(html: str) -> str:
    """Return the visible text."""
    body = html5lib.parse(html).find(f"{HTML}body")
    return re.sub(r"\s+", " ", "".join(body.itertext()))


def printed(load: FinishedLoad, width: int = 80) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(results_table(load))
    return console.export_text()


def test_the_facts_are_json_and_have_the_documented_keys() -> None:
    facts = json.loads(json.dumps(report.facts(finished_load())))
    assert facts["accepted"] == facts["boarded"] == facts["audit"]["accepted"]
    assert facts["audit_ok"] is True
    assert set(facts["http_ms"]) == set(facts["boarded_ms"]) == {"p50", "p95", "p99"}
    assert facts["boarded_ms"]["p50"] == 1000
    assert facts["cpu"] == {"sender": 0.1, "cli": 0.05, "engine": 0.8, "proxy": 0.05}
    assert facts["sent"] == 40
    assert facts["duplicates"] == 4
    assert facts["deepest"] == {"Inbox": 3, "Pods": 2}


def test_the_manifest_counts_all_wishes_when_only_a_sample_was_followed() -> None:
    load = finished_load(
        outcomes={0: Outcome("boarded", 5.0), 1: Outcome("unfinished")}, totals={"boarded": 30, "rejected": 1}
    )
    facts = report.facts(load)
    assert (facts["boarded"], facts["rejected"], facts["waitlisted"]) == (30, 1, 0)
    assert (facts["followed"], facts["unfinished"]) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"interrupted": True}, 130),
        ({"failures": ["the sender died"]}, 1),
        ({"audit": None}, 1),
        ({"audit": TRAVELLING}, 1),
        ({"results": [result(1, key="a"), result(2, key="a")]}, 1),
        ({"audit": {**AUDIT, "ok": False, "differences": [{"kind": "missing", "wish_id": "x", "detail": "y"}]}}, 1),
        ({"results": [result(status=503)]}, 1),
        ({"results": [result(status=0, error="timeout")]}, 1),
        ({"results": [result(status=422)]}, 1),
        ({"results": [result(kind="oversized")]}, 1),
        ({"results": [result(kind="oversized", status=413)]}, 0),
    ],
)
def test_only_a_load_without_any_problem_exits_with_0(changes: dict[str, Any], code: int) -> None:
    assert report.exit_code(finished_load(**changes)) == code


def test_the_page_stands_alone() -> None:
    html = render(finished_load())
    for each in elements(html):
        name = str(each.tag).rpartition("}")[2]
        assert name not in {"script", "link", "img", "image", "iframe", "object", "embed", "base", "form", "a", "video"}
        for attribute, value in each.attrib.items():
            plain = str(attribute).rpartition("}")[2]
            assert not plain.startswith("on")
            assert plain not in {"src", "srcset", "action", "data"}
            assert plain != "href" or value.startswith("#")
            assert "url(" not in value.replace("url(#", "")
    assert "url(" not in html.replace("url(#", "")
    assert "@import" not in html
    assert "//" not in html.replace("http://127.0.0.1", "")


def test_the_ids_of_the_plots_do_not_clash() -> None:
    ids = [each.attrib["id"] for each in elements(render(finished_load())) if "id" in each.attrib]
    assert len(ids) == len(set(ids))


def test_every_reference_within_the_page_leads_somewhere() -> None:
    html = render(finished_load())
    ids = {each.attrib["id"] for each in elements(html) if "id" in each.attrib}
    wanted = set(re.findall(r'(?:url\(|href=")#([^")]+)', html))
    assert wanted
    assert wanted <= ids


def test_no_text_on_the_page_becomes_markup() -> None:
    harmless, evil = (_page_with(text) for text in ("nothing", EVIL))
    assert {each.tag for each in elements(evil)} == {each.tag for each in elements(harmless)}
    assert html_elements(evil) == html_elements(harmless)
    assert EVIL in "".join(html5lib.parse(evil).itertext())


def _page_with(text: str) -> str:
    """Return a page with this text in every place that has text from outside."""
    difference = {"kind": text, "wish_id": text, "detail": text}
    return render(
        finished_load(
            command=text,
            target=text,
            digest=text,
            results=[result(1, tries=2, again_for=[text]), result(2, status=0, error="timeout")],
            samples=[QueueSample(1.0, {text: 1}), QueueSample(2.0, {text: 3})],
            cpu={text: 1.0},
            audit={**AUDIT, "ok": False, "differences": [difference]},
        )
    )


def test_no_wish_is_quoted() -> None:
    html = render(finished_load(PlanOptions(wishes=100, hostile=0.5)))
    hostile = texts()["hostile"]["messages"]
    ordinary = [text for language in texts()["languages"].values() for text in language["wishes"]]
    assert not [text for text in [*hostile, *ordinary] if text in html]


def test_the_same_load_gives_the_same_page() -> None:
    assert render(finished_load()) == render(finished_load())


def test_the_page_has_what_a_presenter_needs() -> None:
    load = finished_load(command="lastwish load --seed 1")
    text = text_of(render(load))
    assert "Nothing was lost" in text
    assert "40 last wishes in 10 seconds" in text
    assert "the generator itself took 15%" in text
    assert "says nothing about how much AWS would bear" in text
    assert load.digest in text
    assert "lastwish load --seed 1" in text


@pytest.mark.parametrize(
    ("audit", "words"),
    [
        (None, "Not audited"),
        (TRAVELLING, "1 wish not found yet"),
        ({**AUDIT, "accepted": 9, "stored": 8, "dead_lettered": 1}, "Nothing was lost, 1 wish set aside"),
        ({**AUDIT, "ok": False, "differences": [{"kind": "missing", "wish_id": "w", "detail": "d"}]}, "1 difference"),
    ],
)
def test_the_verdict_is_the_audits(audit: dict[str, Any] | None, words: str) -> None:
    load = finished_load(audit=audit)
    assert words in text_of(render(load))
    assert words in printed(load, width=120)


def test_wishes_of_an_earlier_load_are_counted_apart() -> None:
    load = finished_load(outcomes={n: Outcome("boarded", None) for n in range(3)})
    assert report.facts(load)["older"] == 3
    for text in (printed(load, width=200), text_of(render(load))):
        assert "the same seed was sent to this stack before" in text


def test_only_boarding_is_timed_as_boarding() -> None:
    load = finished_load(
        outcomes={0: Outcome("boarded", 5.0), 1: Outcome("waitlisted", 9.0), 2: Outcome("rejected", 9.0)}
    )
    assert report.facts(load)["boarded_ms"]["p99"] == 5.0


def test_ends_are_of_the_load_where_all_of_it_was_followed_else_of_the_whole_stack() -> None:
    everything = finished_load(totals={"boarded": 1000})
    assert report.facts(everything)["boarded"] == len(everything.outcomes)
    sample = replace(everything, outcomes={0: Outcome("boarded", 5.0)})
    assert report.facts(sample)["boarded"] == 1000
    for text in (printed(sample, width=200), text_of(render(sample))):
        assert "of the whole stack" in re.sub(r"\s+", " ", text)


def test_a_sample_is_not_taken_for_all_where_the_manifest_could_not_be_read() -> None:
    load = finished_load(outcomes={0: Outcome("boarded", 5.0)}, totals=None)
    assert report.facts(load)["ended_of"] == "those followed"
    for text in (printed(load, width=200), text_of(render(load))):
        assert "of those followed" in text


def test_on_aws_the_audit_covers_promises_since_the_load_began() -> None:
    assert "since the load began" in printed(finished_load(local=False), width=200)
    assert "in the whole stack" in printed(finished_load(), width=200)


def test_a_load_without_answers_has_no_latency() -> None:
    text = text_of(render(finished_load(results=[result(n, status=503) for n in range(3)], outcomes={}, audit=None)))
    assert "Nothing was answered." in text
    assert "A closed loop" not in text


def test_the_figures_of_a_closed_loop_are_shown_beside_ours() -> None:
    waited = [result(n, at=0.0, sent=n / 10, took=n / 10 + 0.05) for n in range(100)]
    load = finished_load(results=waited, outcomes={})
    assert report.facts(load)["first_ms"]["p99"] == 50
    assert "A closed loop would not have seen that, and said: p50 50 ms, p99 50 ms." in text_of(render(load))
    assert "closed loop  p50 50 ms" in printed(load, width=200)


def test_failures_are_in_every_form_of_the_report() -> None:
    load = finished_load(failures=["the sender died: <b>exit code -9</b>", "the audit failed: no AWS"], audit=None)
    assert report.facts(load)["failures"] == list(load.failures)
    assert "the sender died: <b>exit code -9</b>" in printed(load)
    assert "The sender died: <b>exit code -9</b> The audit failed: no AWS" in text_of(render(load))


def test_a_load_that_was_interrupted_before_its_first_answer_still_has_a_report() -> None:
    load = replace(
        finished_load(), results=[], outcomes={}, samples=[], cpu={}, audit=None, interrupted=True, local=False
    )
    assert "Interrupted: 0 were sent" in text_of(render(load))
    assert "0 of them until it was stopped" in printed(load)
    assert report.facts(load)["http_ms"]["p99"] is None


@pytest.mark.parametrize("ms", [0.0, -3.0])
def test_clocks_that_disagree_do_not_break_the_report(ms: float) -> None:
    assert "1 wish was followed" in text_of(render(finished_load(outcomes={0: Outcome("boarded", ms)})))


@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_table_fits_its_terminal(width: int) -> None:
    text = printed(finished_load(), width)
    assert "accepted" in text
    assert max(map(len, text.splitlines())) <= width


def test_the_csv_has_every_request_and_no_text_of_a_wish(tmp_path: Path) -> None:
    load, path = (
        finished_load(results=[result(2, tries=3, again_for=["503", "timeout"]), result(1)]),
        tmp_path / "load.csv",
    )
    report.write_csv(load, path)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["n"] for row in rows] == ["1", "2"]
    assert rows[1]["again_for"] == "503 timeout"
    assert "message" not in rows[0]
