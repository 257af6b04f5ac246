"""From "something is wrong" to the line of code that raised, on a stack whose store refuses the worker's commits."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support import ROOT
from tests.support.deployed_chain import DeployedChain
from tests.support.faulty_aws import Call
from tests.support.laptop import Stack, wait_until
from tests.support.mission_page import SOON, failed, mission_control, slow
from tests.support.operator_client import Open, OperatorClient
from tests.support.sizes import LAPTOP, PHONE
from tests.support.texts import every_text

WORDS = every_text("en")["mission"]
FAILED = re.compile("worker · StoreUnavailable × [1-9]")
TYPED = "Nobody shall read this in a trace"
MOST_CLICKS = 4
HISTORY = ["submitted.v1", "accepted.v1", "boarded.v2", "shown.v2"]


def refuse(call: Call) -> tuple[int, bytes]:
    """DynamoDB takes no commit, and everything else."""
    if call.operation == "PutItem":
        return 400, json.dumps({"__type": "ProvisionedThroughputExceededException", "message": TYPED}).encode()
    return call.forward()


@pytest.fixture(scope="module")
def refused(stack: Stack, operator: OperatorClient) -> Iterator[str]:
    """A wish that the store has refused; mended since, so that it boards later."""
    chain = DeployedChain(stack)

    def is_shown() -> bool:
        traces = operator.http.get("ops/mission", headers=operator.headers).json()["traces"] or []
        return any(trace["wish_id"] == wish_id and (trace["origin"] or {}).get("error") for trace in traces)

    with chain.fault_for("Worker", refuse):
        wish_id = chain.post(TYPED)
        assert wait_until(is_shown)
    yield wish_id
    chain.wait_until_stored(wish_id)
    chain.http.close()


class Clicks:
    """Counts clicks on a page."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def click(self, what: Locator) -> None:
        self.count += 1
        what.click()


def is_raised_by(place: str, statement: str) -> bool:
    """Tell if a place such as ``infra/queues.py:41 in send`` is a line of our code with this statement."""
    path, line = place.partition(" in ")[0].split(":")
    return (ROOT / "src" / path).read_text().splitlines()[int(line) - 1].strip().startswith(statement)


def test_four_clicks_lead_from_the_alarm_to_the_line_the_stack_the_logs_and_the_events(
    screen: Open, operator: OperatorClient, refused: str
) -> None:
    page = mission_control(screen(LAPTOP), operator)
    group = page.locator(".groups > li").filter(has=page.locator("b", has_text=FAILED))
    raised_at = group.locator(".group code")
    expect(raised_at).to_have_text(re.compile(r"^infra/event_store\.py:\d+ in append$"), timeout=SOON)  # no click yet
    assert is_raised_by(raised_at.inner_text(), "raise _domain_error(error) from error")

    clicks = Clicks(page)
    clicks.click(group.locator(".group"))
    clicks.click(group.locator(".trace").filter(has_text=refused))
    stack = group.locator(".waterfall .stack").filter(has_text="StoreUnavailable").first
    expect(stack.locator("ol")).to_be_visible(timeout=SOON)
    frames = stack.locator("li").all_inner_texts()
    assert [frame for frame in frames if frame.startswith("worker/handler.py:") and frame.endswith(" in board_one")]
    assert frames[-1] == raised_at.inner_text()
    clicks.click(group.get_by_role("button", name=WORDS["logs_around"]).first)
    line = group.locator(".log li").filter(has_text="record failed").filter(has_text=refused).first
    expect(line).to_contain_text("error=StoreUnavailable", timeout=SOON)
    expect(line).to_contain_text("ProvisionedThroughputExceededException")
    clicks.click(group.get_by_role("button", name=WORDS["events"]))
    expect(group.locator(".events > li").first).to_be_visible()
    assert clicks.count <= MOST_CLICKS
    assert TYPED not in page.locator("#view-mission").inner_text()


def test_four_clicks_lead_from_the_red_hop_of_the_map_to_the_logs(
    screen: Open, operator: OperatorClient, refused: str
) -> None:
    page = mission_control(screen(LAPTOP), operator, view="map")
    clicks = Clicks(page)
    clicks.click(page.locator('.chain [data-name="EventStore"]'))
    group = page.locator(".hop .groups > li").filter(has=page.locator("b", has_text=FAILED))
    expect(group.locator(".group code")).to_have_text(
        re.compile(r"^infra/event_store\.py:\d+ in append$"), timeout=SOON
    )
    clicks.click(group.locator(".group"))
    trace = group.locator(".traces > li").filter(has_text=refused)
    clicks.click(trace.locator(".trace"))
    expect(trace.locator(".waterfall .stack ol").first).to_be_visible(timeout=SOON)
    clicks.click(trace.get_by_role("button", name=WORDS["logs_around"]))
    expect(trace.locator(".log li").filter(has_text="record failed").first).to_contain_text(
        "error=StoreUnavailable", timeout=SOON
    )
    assert clicks.count <= MOST_CLICKS


@pytest.mark.parametrize(
    ("red", "hop", "error"),
    [
        ("EventStore", "worker", "StoreUnavailable"),
        ("worker", "worker", "Crash"),
        ("Inbox", "frontend", "QueueUnavailable"),
    ],
    ids=["store-refuses", "worker-crash-loop", "sqs-refuses"],
)
def test_a_hop_of_the_map_has_the_failures_of_its_callers(
    screen: Open, operator: OperatorClient, red: str, hop: str, error: str
) -> None:
    traces = [failed("1-6a000000-000000000000000000000000", None, error, hop=hop)]
    traces.append(failed("1-6a000001-000000000000000000000000", None, "Other", hop="projector"))
    page = mission_control(screen(PHONE), operator, lambda known: known.update(traces=traces), view="map")
    page.locator(f'.chain [data-name="{red}"]').click()
    expect(page.locator(".hop .group b")).to_have_text(f"{hop} · {error} × 1", timeout=SOON)


def test_the_terminal_says_the_same(stack: Stack, refused: str) -> None:
    told = stack.run("trace", refused, "--timeout", "0").stdout
    raised_at = re.search(r"worker: StoreUnavailable at (infra/event_store\.py:\d+ in append)\n", told)
    assert raised_at
    assert is_raised_by(raised_at[1], "raise _domain_error(error) from error")
    assert f"    {raised_at[1]}\n" in told
    assert f'raised_at="{raised_at[1]}"' in stack.run("logs", refused).stdout
    assert TYPED not in told


def test_events_are_those_that_are_stored(screen: Open, operator: OperatorClient) -> None:
    stored, way = operator.send("Already on board"), "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c0e"
    ids = [f"1-6a00000{n}-000000000000000000000000" for n in range(3)]
    wishes = (stored, way, None)
    traces = [failed(trace_id, wish, "StoreUnavailable") for trace_id, wish in zip(ids, wishes, strict=True)]
    page = mission_control(screen(LAPTOP), operator, lambda known: known.update(traces=traces))
    page.locator(".group").click()
    page.get_by_role("button", name=WORDS["events"]).click()
    boarded, waiting = page.locator(".events > li").all()
    expect(boarded.locator("li")).to_have_text([re.compile(f"1 {name}$") for name in HISTORY], timeout=SOON)
    expect(waiting).to_contain_text(WORDS["not_stored"])


def test_what_failed_alike_is_one_group_and_the_worst_comes_first(screen: Open, operator: OperatorClient) -> None:
    ids = iter(f"1-6a0000{n:02}-000000000000000000000000" for n in range(99))
    pods = slow(next(ids), None, origin={"hop": "Pods", "error": None, "raised_at": None, "at": None})
    store = [failed(next(ids), None, "StoreUnavailable") for _ in range(20)]
    queue = failed(next(ids), None, "QueueUnavailable", hop="frontend")
    page = mission_control(screen(PHONE), operator, lambda known: known.update(traces=[pods, *store, queue]))
    titles = ["worker · StoreUnavailable × 20", "frontend · QueueUnavailable × 1", "Pods · slow × 1"]
    expect(page.locator(".group b")).to_have_text(titles)
    page.locator(".group").first.click()
    expect(page.locator(".trace:visible")).to_have_count(5)
    page.get_by_role("button", name=WORDS["more_traces"].format(count=15)).click()
    expect(page.locator(".trace:visible")).to_have_count(20)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_group_grows_while_nobody_uses_it_and_an_open_one_stays(screen: Open, operator: OperatorClient) -> None:
    ids = [f"1-6a0000{n:02}-000000000000000000000000" for n in range(9)]
    shown = [failed(ids[0], None, "StoreUnavailable")]
    page = mission_control(screen(LAPTOP), operator, lambda known: known.update(traces=shown))
    expect(page.locator(".group b")).to_have_text("worker · StoreUnavailable × 1")
    shown.append(failed(ids[1], None, "StoreUnavailable"))
    expect(page.locator(".group b")).to_have_text("worker · StoreUnavailable × 2", timeout=SOON)
    page.locator(".group").click()
    shown[:] = [failed(ids[2], None, "QueueUnavailable")]
    page.mouse.move(0, 0)
    page.locator(".group").evaluate("button => button.blur()")
    expect(page.locator(".group b")).to_have_text(
        ["worker · QueueUnavailable × 1", "worker · StoreUnavailable × 2"], timeout=SOON
    )


def test_the_logs_of_a_moment_are_found_narrowed_and_filtered(screen: Open, operator: OperatorClient) -> None:
    wish_id = operator.send("Write it down in the log")
    page = mission_control(screen(LAPTOP), operator)
    panel = page.locator(".logs-panel")
    # A short time around the wish: of a long one the earliest 500 lines are shown, which may be those of other tests.
    [boarded] = [
        each["time"] for each in operator.http.get(f"wishes/{wish_id}").json()["history"] if ".boarded." in each["type"]
    ]
    time_of_day = page.evaluate("time => new Date(time).toTimeString().slice(0, 8)", boarded)
    panel.get_by_label(WORDS["logs"]["around"]).fill(time_of_day)
    panel.get_by_label(WORDS["logs"]["span"]).select_option("10")
    panel.get_by_role("button").click()
    lines = panel.locator(".log li")
    expect(lines.filter(has_text=wish_id).first).to_be_visible(timeout=SOON)
    recorded = "worker INFO wish recorded wish_ids"
    panel.get_by_label(WORDS["logs"]["filter"]).fill(recorded)
    expect(panel.locator(".log li:visible")).to_have_count(lines.filter(has_text=recorded).count())
    panel.get_by_label(WORDS["logs"]["service"]).select_option("parser")
    panel.get_by_role("button").click()
    expect(lines.filter(has_text="wish judged").first).to_be_visible(timeout=SOON)
    assert set(lines.locator("b").all_inner_texts()) == {"parser"}


def test_logs_that_cannot_be_read_say_so(screen: Open, operator: OperatorClient) -> None:
    page = mission_control(screen(LAPTOP), operator)
    page.route("**/ops/logs?*", lambda route: route.fulfill(status=503, json={}))
    page.locator(".logs-panel button").click()
    expect(page.locator(".logs-panel [role=status]")).to_have_text(WORDS["missing"])
