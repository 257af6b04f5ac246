"""Generated table of docs/permissions.md: what each function may do, read from the roles of template.yaml."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lastwish.local.template import resources
from observability.tables import table

TEMPLATE = Path(__file__).parents[1] / "template.yaml"

# What AWS does in the name of a function's role: no line of ours calls it.
_POLLER, _LOGS, _DAEMON = "Lambda, to read the queue or stream", "Lambda, to write the log", "Lambda, to send traces"
BY_AWS = {
    "sqs:ReceiveMessage": _POLLER,
    "sqs:DeleteMessage": _POLLER,
    "sqs:GetQueueAttributes": _POLLER,
    "dynamodb:DescribeStream": _POLLER,
    "dynamodb:GetRecords": _POLLER,
    "dynamodb:GetShardIterator": _POLLER,
    "dynamodb:ListStreams": _POLLER,
    "logs:CreateLogStream": _LOGS,
    "logs:PutLogEvents": _LOGS,
    "xray:PutTraceSegments": _DAEMON,
    "xray:PutTelemetryRecords": _DAEMON,
    "xray:GetSamplingRules": _DAEMON,
    "xray:GetSamplingTargets": _DAEMON,
}
# Why an action, or all of a service, is allowed on everything. Source: Service Authorization Reference, "Resource
# types" of each service.
ON_EVERYTHING = {
    "xray:": "X-Ray has no resource for segments, samples and traces",
    "cloudwatch:GetMetricData": "CloudWatch has no resource for metrics",
    "cloudwatch:DescribeAlarms": "CloudWatch has no resource for a list of alarms",
}


# What the condition of a statement says.
_ONLY = {"BlankTheWall": " (the pointer only)", "DropRows": " (rows of wishes only)"}


@dataclass(frozen=True, slots=True)
class Grant:
    """One action that one function may do on one resource: a logical id with what follows it, or `*`."""

    function: str
    sid: str
    action: str
    resource: str
    condition: bool

    @property
    def user(self) -> str:
        """Who calls it: the function, or AWS in its name. Mission control and the console read queues themselves."""
        by_aws = {} if self.function in ("mission", "console") and self.action.startswith("sqs:") else BY_AWS
        return by_aws.get(self.action) or ("Lambda" if self.sid == "OnFailure" else "the function")

    @property
    def why(self) -> str:
        """Reason for a grant on everything; empty for any other, and where nobody has written one."""
        reasons = (why for action, why in ON_EVERYTHING.items() if self.action.startswith(action))
        return next(reasons, "") if self.resource == "*" else ""


def granted(template: Path = TEMPLATE) -> list[Grant]:
    """Return every grant of every function's role, in the order of the template. Raises TemplateError."""
    found = resources(template)
    return [
        Grant(name.removesuffix("Role").lower(), statement["Sid"], action, resource, "Condition" in statement)
        for name, role in found.items()
        if role["Type"] == "AWS::IAM::Role" and f"{name.removesuffix('Role')}Function" in found
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _listed(statement["Action"])
        for resource in map(_name, _listed(statement["Resource"]))
    ]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(resource: Any) -> str:
    """Return a short name: `Inbox` for its ARN, `ReadModel/index/held` for `${ReadModel.Arn}/index/held`.

    A parameter is `ParameterPath/HeldWords`: the path is the template's parameter.
    """
    match resource:
        case str():
            return resource
        case {"Fn::GetAtt": [logical, attribute]}:
            return str(logical) if attribute == "Arn" else f"{logical}/stream"
        case {"Fn::Sub": text}:
            return str(text).rpartition(":parameter")[2].replace("${", "").replace(".Arn}", "").replace("}", "/")
    raise ValueError(f"{resource} is no resource that a role names")


def permissions() -> str:
    """Return the table: one row for each function, resource, user and reason."""
    rows: dict[tuple[str, str, str, str], list[Grant]] = {}
    for grant in granted():
        rows.setdefault((grant.function, grant.resource, grant.user, grant.why), []).append(grant)
    return table(("function", "may", "on", "called by", "why on `*`"), _cells(rows))


def _cells(rows: dict[tuple[str, str, str, str], list[Grant]]) -> Iterator[tuple[str, ...]]:
    for (function, resource, user, why), grants in rows.items():
        actions = "<br>".join(f"`{each.action}`{_ONLY[each.sid] if each.condition else ''}" for each in grants)
        yield function, actions, f"`{resource}`", user, why
