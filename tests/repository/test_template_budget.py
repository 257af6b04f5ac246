"""What a month may cost: tags that AWS counts by, a budget that tells somebody, and a brake."""

import tomllib

from tests.support import ROOT
from tests.support.template import load, resources

CONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text())


def test_what_sam_deploys_to_aws_carries_the_tag_that_its_budget_counts() -> None:
    services = {name: CONFIG[name] for name in ("default", "staging", "prod")}
    for environment in services.values():
        stack = environment["global"]["parameters"]["stack_name"]
        assert environment["deploy"]["parameters"]["tags"] == f"lastwish-stack={stack}"
    (budget,) = resources("AWS::Budgets::Budget").values()
    filters = budget["Properties"]["Budget"]["CostFilters"]
    assert filters == {"TagKeyValue": [{"Fn::Sub": "user:lastwish-stack$${AWS::StackName}"}]}


def test_a_budget_tells_somebody_before_the_money_is_gone() -> None:
    (budget,) = resources("AWS::Budgets::Budget").values()
    told = budget["Properties"]["NotificationsWithSubscribers"]
    kinds = {each["Notification"]["NotificationType"]: each["Notification"]["Threshold"] for each in told}
    assert kinds == {"ACTUAL": 80, "FORECASTED": 100}
    assert all(
        each["Subscribers"] == [{"SubscriptionType": "EMAIL", "Address": {"Ref": "AlarmEmail"}}] for each in told
    )
    assert "Assertions" in load()["Rules"]["BudgetHasReader"]


def test_without_being_asked_there_is_neither_budget_nor_brake() -> None:
    parameters, conditions = load()["Parameters"], load()["Conditions"]
    assert (parameters["MonthlyBudget"]["Default"], parameters["FrontendConcurrency"]["Default"]) == (0, "")
    (budget,) = resources("AWS::Budgets::Budget").values()
    assert budget["Condition"] == "HasBudget"
    assert {"Condition": "OnAws"} in conditions["HasBudget"]["Fn::And"]
    frontend = load()["Resources"]["FrontendFunction"]["Properties"]
    braked, bound, none = frontend["ReservedConcurrentExecutions"]["Fn::If"]
    assert (braked, bound, none) == ("HasBrake", {"Ref": "FrontendConcurrency"}, {"Ref": "AWS::NoValue"})
