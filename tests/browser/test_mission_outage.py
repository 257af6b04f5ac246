"""A stack from its first minute to a store that is gone, as mission control shows it."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.laptop import Stack, a_stack, wait_until
from tests.support.sizes import LAPTOP
from tests.support.texts import every_text

SOON = 30_000  # what is promised of a fresh stack
WORDS = every_text("en")["mission"]
# How quick the answers of a machine under test are is no matter for a test.
TIMELESS = [WORDS["slos"][name] for name in ("post-availability", "boarding", "freshness", "zero-loss")]


@pytest.fixture(scope="module")
def day() -> Iterator[Stack]:
    """A stack of its own: its table is deleted."""
    with a_stack() as stack:
        yield stack


@pytest.fixture
def mission(browser: Browser, day: Stack) -> Iterator[Page]:
    assert day.operator is not None
    context = browser.new_context(base_url=day.url, viewport=LAPTOP, locale="en-GB")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("sign-in#mission")
    page.locator("#name").fill(day.operator["username"])
    page.locator("#password").fill(day.operator["password"])
    page.keyboard.press("Enter")
    yield page
    context.close()


def alarms_on(stack: Stack) -> list[str]:
    """Every alarm that is on, signals and composites too, without the stack's name."""
    found = stack.aws("cloudwatch").describe_alarms(StateValue="ALARM", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    names = [each["AlarmName"] for each in found["MetricAlarms"] + found["CompositeAlarms"]]
    return [name.removeprefix("lastwish-local/") for name in names]


def test_a_fresh_stack_shows_data_and_full_budgets(day: Stack, mission: Page) -> None:
    for tile in ("inbox", "pods", "dead"):
        expect(mission.locator(f"[data-tile={tile}] .big b")).to_have_text("0", timeout=SOON)
    budgets = mission.locator(".budgets li")
    expect(budgets).to_have_count(6, timeout=SOON)
    for kept in TIMELESS:
        expect(budgets.filter(has_text=kept)).to_contain_text(WORDS["full"])
    expect(mission.locator(".missing, .stale")).to_have_count(0)
    assert alarms_on(day) == []


def test_a_store_that_is_gone_sets_off_the_alarm_for_it_and_no_other_and_loses_nothing(
    day: Stack, mission: Page
) -> None:
    dynamodb, table = day.aws("dynamodb"), day.outputs["EventStoreName"]
    schema = dynamodb.describe_table(TableName=table)["Table"]
    dynamodb.delete_table(TableName=table)
    with httpx.Client(base_url=day.url, timeout=60, trust_env=False) as http:
        answers = [http.post("wishes", json={"message": f"Wish {n}", "destination": "mars"}) for n in range(4)]
    assert [answer.status_code for answer in answers] == [202] * 4

    on = mission.locator(".alarms .on li")
    expect(on.locator("h3")).to_have_text(re.compile("^store-refuses"), timeout=3 * SOON)
    expect(on).to_contain_text("docs/runbooks/store-refuses.md")
    assert alarms_on(day) == ["store-refuses"]

    status = day.run("status", "--json")
    assert (status.returncode, json.loads(status.stdout)["health"]["resources"]) == (1, f"table {table} is gone")
    assert f"table {table} is gone" in day.run("reset").stderr

    kept = ("KeySchema", "AttributeDefinitions", "StreamSpecification")
    dynamodb.create_table(TableName=table, BillingMode="PAY_PER_REQUEST", **{name: schema[name] for name in kept})
    others: set[str] = set()

    def stored() -> bool:
        others.update(set(alarms_on(day)) - {"store-refuses"})
        return bool(dynamodb.scan(TableName=table, Select="COUNT")["Count"] == len(answers))

    assert wait_until(stored, 150)
    assert others == set()
