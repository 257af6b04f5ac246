"""A finished run, told as facts, as a table, as a page and as CSV."""

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
from lastwish.load.page import render
from lastwish.load.plan import Options
from lastwish.load.run import Followed, Run, Sample
from lastwish.load.table import table
from lastwish.load.wishes import texts
from tests.support.runs import AUDIT, result, run

HTML = "{http://www.w3.org/1999/xhtml}"
EVIL = "<script>alert(1)</script><img src=https://evil.example/x onerror=alert(1)>\"'"


def elements(page: str) -> list[Any]:
    return list(html5lib.parse(page).iter())


def html_elements(page: str) -> list[str]:
    """Without those of the plots, whose ticks follow the room that the words leave."""
    return [each.tag for each in elements(page) if str(each.tag).startswith(HTML)]


def shown(page: str) -> str:
    """What a person reads on the page."""
    body = html5lib.parse(page).find(f"{HTML}body")
    return re.sub(r"\s+", " ", "".join(body.itertext()))


def printed(of: Run, width: int = 80) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table(of))
    return console.export_text()


def test_the_facts_have_what_the_command_promises_and_are_json() -> None:
    facts = json.loads(json.dumps(report.facts(run())))
    assert facts["accepted"] == facts["boarded"] == facts["audit"]["accepted"]
    assert facts["audit_ok"] is True
    assert set(facts["http_ms"]) == set(facts["boarded_ms"]) == {"p50", "p95", "p99"}
    assert facts["boarded_ms"]["p50"] == 1000
    assert facts["cpu"] == {"sender": 0.1, "cli": 0.05, "engine": 0.8, "proxy": 0.05}
    assert facts["sent"] == 40
    assert facts["duplicates"] == 4
    assert facts["deepest"] == {"Inbox": 3, "Pods": 2}


def test_all_are_counted_by_the_manifest_when_only_a_sample_was_followed() -> None:
    told = run(followed={0: Followed("boarded", 5.0), 1: Followed("unfinished")}, totals={"boarded": 30, "rejected": 1})
    facts = report.facts(told)
    assert (facts["boarded"], facts["rejected"], facts["waitlisted"]) == (30, 1, 0)
    assert (facts["followed"], facts["unfinished"]) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"interrupted": True}, 130),
        ({"failures": ["the sender died"]}, 1),
        ({"audit": None}, 1),
        ({"audit": {**AUDIT, "accepted": 9, "stored": 8, "in_flight": 1}}, 1),
        ({"results": [result(1, key="a"), result(2, key="a")]}, 1),
        ({"audit": {**AUDIT, "ok": False, "differences": [{"kind": "missing", "wish_id": "x", "detail": "y"}]}}, 1),
        ({"results": [result(status=503)]}, 1),
        ({"results": [result(status=0, error="timeout")]}, 1),
        ({"results": [result(status=422)]}, 1),
        ({"results": [result(kind="oversized")]}, 1),
        ({"results": [result(kind="oversized", status=413)]}, 0),
    ],
)
def test_only_a_well_run_ends_well(changes: dict[str, Any], code: int) -> None:
    assert report.exit_code(run(**changes)) == code


def test_the_page_stands_alone() -> None:
    page = render(run())
    for each in elements(page):
        name = str(each.tag).rpartition("}")[2]
        assert name not in {"script", "link", "img", "image", "iframe", "object", "embed", "base", "form", "a", "video"}
        for attribute, value in each.attrib.items():
            plain = str(attribute).rpartition("}")[2]
            assert not plain.startswith("on")
            assert plain not in {"src", "srcset", "action", "data"}
            assert plain != "href" or value.startswith("#")
            assert "url(" not in value.replace("url(#", "")
    assert "url(" not in page.replace("url(#", "")
    assert "@import" not in page
    assert "//" not in page.replace("http://127.0.0.1", "")


def test_the_ids_of_the_plots_do_not_clash() -> None:
    ids = [each.attrib["id"] for each in elements(render(run())) if "id" in each.attrib]
    assert len(ids) == len(set(ids))


def test_every_reference_within_the_page_leads_somewhere() -> None:
    page = render(run())
    ids = {each.attrib["id"] for each in elements(page) if "id" in each.attrib}
    wanted = set(re.findall(r'(?:url\(|href=")#([^")]+)', page))
    assert wanted
    assert wanted <= ids


def test_nothing_on_the_page_becomes_markup() -> None:
    harmless, evil = (_typed(text) for text in ("nothing", EVIL))
    assert {each.tag for each in elements(evil)} == {each.tag for each in elements(harmless)}
    assert html_elements(evil) == html_elements(harmless)
    assert EVIL in "".join(html5lib.parse(evil).itertext())


def _typed(text: str) -> str:
    """A page with this text wherever text comes from outside."""
    difference = {"kind": text, "wish_id": text, "detail": text}
    return render(
        run(
            command=text,
            target=text,
            digest=text,
            results=[result(1, tries=2, again_for=[text]), result(2, status=0, error="timeout")],
            samples=[Sample(1.0, {text: 1}), Sample(2.0, {text: 3})],
            cpu={text: 1.0},
            audit={**AUDIT, "ok": False, "differences": [difference]},
        )
    )


def test_no_wish_is_quoted() -> None:
    page = render(run(Options(wishes=100, hostile=0.5)))
    hostile = texts()["hostile"]["messages"]
    ordinary = [text for language in texts()["languages"].values() for text in language["wishes"]]
    assert not [text for text in [*hostile, *ordinary] if text in page]


def test_the_same_run_is_the_same_page() -> None:
    assert render(run()) == render(run())


def test_the_page_says_what_a_presenter_wants_to_say() -> None:
    told = run(command="lastwish load --seed 1")
    text = shown(render(told))
    assert "Nothing was lost" in text
    assert "40 last wishes in 10 seconds" in text
    assert "the generator itself took 15%" in text
    assert "says nothing about how much AWS would bear" in text
    assert told.digest in text
    assert "lastwish load --seed 1" in text


@pytest.mark.parametrize(
    ("audit", "words"),
    [
        (None, "Not audited"),
        ({**AUDIT, "accepted": 9, "stored": 8, "in_flight": 1}, "1 wish not found yet"),
        ({**AUDIT, "accepted": 9, "stored": 8, "dead_lettered": 1}, "Nothing was lost, 1 wish set aside"),
        ({**AUDIT, "ok": False, "differences": [{"kind": "missing", "wish_id": "w", "detail": "d"}]}, "1 difference"),
    ],
)
def test_the_verdict_is_the_audits(audit: dict[str, Any] | None, words: str) -> None:
    told = run(audit=audit)
    assert words in shown(render(told))
    assert words in printed(told, width=120)


def test_wishes_of_an_earlier_load_are_told_apart() -> None:
    told = run(followed={n: Followed("boarded", None) for n in range(3)})
    assert report.facts(told)["older"] == 3
    for text in (printed(told, width=200), shown(render(told))):
        assert "the same seed was sent to this stack before" in text


def test_only_boarding_is_timed_as_boarding() -> None:
    told = run(followed={0: Followed("boarded", 5.0), 1: Followed("waitlisted", 9.0), 2: Followed("rejected", 9.0)})
    assert report.facts(told)["boarded_ms"]["p99"] == 5.0


def test_ends_are_those_of_the_load_where_all_of_it_was_followed_and_else_of_the_whole_stack() -> None:
    everything = run(totals={"boarded": 1000})
    assert report.facts(everything)["boarded"] == len(everything.followed)
    sample = replace(everything, followed={0: Followed("boarded", 5.0)})
    assert report.facts(sample)["boarded"] == 1000
    for text in (printed(sample, width=200), shown(render(sample))):
        assert "of the whole stack" in re.sub(r"\s+", " ", text)


def test_a_sample_is_not_taken_for_all_where_the_manifest_could_not_be_read() -> None:
    told = run(followed={0: Followed("boarded", 5.0)}, totals=None)
    assert report.facts(told)["ended_of"] == "those followed"
    for text in (printed(told, width=200), shown(render(told))):
        assert "of those followed" in text


def test_on_aws_the_audit_is_of_what_was_promised_since_the_load_began() -> None:
    assert "since the load began" in printed(run(local=False), width=200)
    assert "in the whole stack" in printed(run(), width=200)


def test_a_load_of_which_nothing_was_answered_has_no_figures() -> None:
    text = shown(render(run(results=[result(n, status=503) for n in range(3)], followed={}, audit=None)))
    assert "Nothing was answered." in text
    assert "A closed loop" not in text


def test_what_a_closed_loop_would_have_said_stands_beside_it() -> None:
    waited = [result(n, at=0.0, sent=n / 10, took=n / 10 + 0.05) for n in range(100)]
    told = run(results=waited, followed={})
    assert report.facts(told)["first_ms"]["p99"] == 50
    assert "A closed loop would not have seen that, and said: p50 50 ms, p99 50 ms." in shown(render(told))
    assert "closed loop  p50 50 ms" in printed(told, width=200)


def test_what_failed_is_told_everywhere() -> None:
    told = run(failures=["the sender died: <b>exit code -9</b>", "nobody could audit: no AWS"], audit=None)
    assert report.facts(told)["failures"] == list(told.failures)
    assert "the sender died: <b>exit code -9</b>" in printed(told)
    assert "The sender died: <b>exit code -9</b> Nobody could audit: no AWS" in shown(render(told))


def test_a_run_that_was_interrupted_before_its_first_answer_still_has_a_report() -> None:
    told = replace(run(), results=[], followed={}, samples=[], cpu={}, audit=None, interrupted=True, local=False)
    assert "Interrupted: 0 were sent" in shown(render(told))
    assert "0 of them until it was stopped" in printed(told)
    assert report.facts(told)["http_ms"]["p99"] is None


@pytest.mark.parametrize("ms", [0.0, -3.0])
def test_clocks_that_disagree_spoil_no_report(ms: float) -> None:
    assert "1 wish was followed" in shown(render(run(followed={0: Followed("boarded", ms)})))


@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_table_fits_its_terminal(width: int) -> None:
    text = printed(run(), width)
    assert "accepted" in text
    assert max(map(len, text.splitlines())) <= width


def test_the_csv_has_every_request_and_no_text_of_a_wish(tmp_path: Path) -> None:
    told, path = run(results=[result(2, tries=3, again_for=["503", "timeout"]), result(1)]), tmp_path / "load.csv"
    report.write_csv(told, path)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["n"] for row in rows] == ["1", "2"]
    assert rows[1]["again_for"] == "503 timeout"
    assert "message" not in rows[0]
