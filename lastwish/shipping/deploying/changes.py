"""A change set in words: what comes, what is replaced, what is deleted, and what it costs more."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lastwish.observe.prices import ALARM, COMPOSITE, DASHBOARD

_MONTHLY = {
    "CloudWatch::Alarm": ALARM,
    "CloudWatch::CompositeAlarm": COMPOSITE,
    "CloudWatch::Dashboard": DASHBOARD,
}
# Nothing while nobody uses them, and `lastwish cost` says what use costs; or nothing at all.
_BY_USE = tuple(
    f"{each}::"
    for each in ["ApiGateway", "CloudFormation", "Cognito", "DynamoDB", "IAM", "Lambda", "Logs", "SNS", "SQS", "XRay"]
)
# What is lost with them cannot be made again: wishes, accounts, or the address that people have.
_PRECIOUS = ("DynamoDB::Table", "Cognito::UserPool", "SQS::Queue", "S3::Bucket", "ApiGateway::RestApi")
# These parameters cost by themselves; AWS's price list has no line for them in lastwish/observe/prices.py.
_PAID_PARAMETERS = ("WarmWrites", "WarmReads", "Waf")
_MOST = 8  # resources of one kind that are named one by one


@dataclass(frozen=True)
class Change:
    """Change of one resource. ``action`` is add, change, replace, perhaps replace, delete, leave or import."""

    action: str
    name: str
    kind: str

    @classmethod
    def of(cls, found: dict[str, Any]) -> "Change":
        """Read a ResourceChange of CloudFormation."""
        action = {"Add": "add", "Modify": "change", "Import": "import", "Dynamic": "perhaps replace"}.get(
            found["Action"], "delete"
        )
        if action == "change":
            replaced = {"True": "replace", "Conditional": "perhaps replace"}
            action = replaced.get(found.get("Replacement", "False"), "change")
        if action == "delete" and found.get("PolicyAction") == "Retain":
            action = "leave"
        return cls(action, found["LogicalResourceId"], found["ResourceType"].removeprefix("AWS::"))

    @property
    def dangerous(self) -> bool:
        """Whether something goes with it that cannot be made again."""
        return self.action in ("delete", "replace", "perhaps replace", "leave") and self.kind in _PRECIOUS

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"


_SAID = {
    "delete": "DELETES",
    "replace": "REPLACES",
    "perhaps replace": "may replace, CloudFormation cannot tell before",
    "leave": "leaves behind, outside of the stack",
    "add": "adds",
    "change": "changes",
    "import": "takes over",
}


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
        lines = [f"DANGER: {each} would be gone or empty afterwards" for each in self.dangers]
        for action, said in _SAID.items():
            lines += [f"{said} {line}" for line in _grouped([each for each in self.resources if each.action == action])]
        lines += [f"sets {name} to {after!r}, which was {before!r}" for name, before, after in self.parameters]
        return [*lines, *self._costs()]

    def facts(self) -> dict[str, Any]:
        """Return counts by action as a JSON object."""
        return dict(Counter(each.action for each in self.resources))

    def _costs(self) -> Iterator[str]:
        more, unknown = 0.0, set()
        for each in self.resources:
            sign = {"add": 1, "delete": -1}.get(each.action, 0)
            price = _MONTHLY.get(each.kind)
            more += sign * (price or 0)
            if sign > 0 and price is None and not each.kind.startswith(_BY_USE):
                unknown.add(each.kind)
        unknown |= {name for name, _, _ in self.parameters if name in _PAID_PARAMETERS}
        if round(more, 2):
            yield f"costs ${abs(more):.2f} a month {'more' if more > 0 else 'less'}, and use: see `lastwish cost`"
        else:
            yield "costs nothing more by the month; use: see `lastwish cost`"
        if unknown:
            yield f"costs that are not known here: {', '.join(sorted(unknown))}"


def _grouped(changes: list[Change]) -> Iterator[str]:
    if len(changes) <= _MOST:
        yield from map(str, changes)
        return
    for kind, count in Counter(each.kind for each in changes).most_common():
        named = [each for each in changes if each.kind == kind]
        yield str(named[0]) if count == 1 else f"{count} x {kind}"
