"""A change set in words: what comes, what is replaced, what is deleted, and what it costs more."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lastwish.observe.prices import ALARM, COMPOSITE, DASHBOARD

_MONTHLY = {"CloudWatch::Alarm": ALARM, "CloudWatch::CompositeAlarm": COMPOSITE, "CloudWatch::Dashboard": DASHBOARD}
# Nothing while nobody uses them, and `lastwish cost` says what use costs; or nothing at all.
_BY_USE = ("ApiGateway", "Chatbot", "Cognito", "DynamoDB", "IAM", "Lambda", "Logs", "SNS", "SQS", "XRay")
# What is lost with them cannot be made again: wishes, accounts, or the address that people have.
_PRECIOUS = ("DynamoDB::Table", "Cognito::UserPool", "SQS::Queue", "S3::Bucket", "ApiGateway::RestApi")
# These parameters cost by themselves, and lastwish/observe/prices.py has no line for them.
_PAID_PARAMETERS = ("WarmWrites", "WarmReads", "Waf")
_MOST = 8  # resources that are named one by one
_SAID = {
    "delete": "DELETES",
    "replace": "REPLACES",
    "may replace": "MAY REPLACE (CloudFormation decides while it works)",
    "leave": "leaves behind, outside of the stack,",
    "add": "adds",
    "change": "changes",
    "follow": "looks again at what refers to these:",
    "import": "takes over",
}


@dataclass(frozen=True)
class Change:
    """Change of one resource. ``action`` is a key of ``_SAID``, ``kind`` its type without ``AWS::``."""

    action: str
    name: str
    kind: str

    @property
    def dangerous(self) -> bool:
        """Whether something goes with it that cannot be made again."""
        return self.action in ("delete", "replace", "may replace") and self.kind in _PRECIOUS

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"


@dataclass(frozen=True)
class Changes:
    """``parameters`` are name, value before and value after of those that change."""

    resources: list[Change] = field(default_factory=list)
    parameters: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def dangers(self) -> list[Change]:
        """Changes with which something goes that cannot be made again."""
        return [each for each in self.resources if each.dangerous]

    def words(self) -> list[str]:
        """Return it in lines for a person, the worst first."""
        lines = [f"DANGER: what is in {each} would be lost" for each in self.dangers]
        for action, said in _SAID.items():
            lines += [f"{said} {line}" for line in _grouped([each for each in self.resources if each.action == action])]
        lines += [f"sets {name} to {after!r}, which was {before!r}" for name, before, after in self.parameters]
        return [*lines, *self._costs()]

    def counts(self) -> str:
        """Return how many resources there are of each action."""
        counted = Counter(each.action for each in self.resources)
        return ", ".join(f"{count} {action}" for action, count in counted.items()) or "parameters only"

    def _costs(self) -> Iterator[str]:
        added = [each for each in self.resources if each.action == "add"]
        gone = [each for each in self.resources if each.action == "delete"]
        more = sum(_MONTHLY.get(each.kind, 0) for each in added) - sum(_MONTHLY.get(each.kind, 0) for each in gone)
        amount = (
            f"${abs(more):.2f} a month {'more' if more > 0 else 'less'}"
            if round(more, 2)
            else "as much a month as before"
        )
        yield f"costs {amount}; `lastwish cost` says what use costs"
        known = [each for each in added if each.kind in _MONTHLY or each.kind.startswith(_BY_USE)]
        unknown = {each.kind for each in added if each not in known}
        unknown |= {name for name, _, _ in self.parameters if name in _PAID_PARAMETERS}
        if unknown:
            yield f"what these cost is not known here: {', '.join(sorted(unknown))}"


def read(found: list[dict[str, Any]]) -> list[Change]:
    """Read ResourceChanges of CloudFormation.

    CloudFormation says of each resource that refers to a changed one that it may be replaced. It is not while what it
    refers to stays: a name or an ARN is another one only if its resource is. Outputs of a nested stack can be anything.
    """
    unsure = {each["LogicalResourceId"] for each in found if each.get("Replacement") == "True"}
    while (
        more := {
            each["LogicalResourceId"]
            for each in found
            if each.get("Replacement") == "Conditional"
            and any(_doubt(detail, unsure) for detail in each.get("Details", []))
        }
        - unsure
    ):
        unsure |= more
    return [
        Change(_action(each, unsure), each["LogicalResourceId"], each["ResourceType"].removeprefix("AWS::"))
        for each in found
    ]


def _doubt(detail: dict[str, Any], unsure: set[str]) -> bool:
    """Return whether this detail may replace its resource, when those of these names may be replaced."""
    if detail.get("Target", {}).get("RequiresRecreation", "Never") == "Never":
        return False
    entity, _, attribute = detail.get("CausingEntity", "").partition(".")
    follows = detail.get("Evaluation") == "Dynamic" and entity and not attribute.startswith("Outputs.")
    return not follows or entity in unsure


def _action(found: dict[str, Any], unsure: set[str]) -> str:
    if found["Action"] == "Modify":
        may = "may replace" if found["LogicalResourceId"] in unsure else "follow"
        return {"True": "replace", "Conditional": may}.get(found.get("Replacement", ""), "change")
    if found["Action"] == "Remove" and found.get("PolicyAction") == "Retain":
        return "leave"
    return {"Add": "add", "Import": "import", "Remove": "delete"}.get(found["Action"], "may replace")


def _grouped(changes: list[Change]) -> Iterable[str]:
    if len(changes) <= _MOST:
        return map(str, changes)
    kinds = Counter(each.kind for each in changes)
    return (f"{count} x {kind}" for kind, count in kinds.most_common())
