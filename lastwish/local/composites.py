"""Composite alarms of the template, put through the CloudWatch API: the engine's CloudFormation refuses their type.

In the template they stand behind the condition OnAws, so what else they name must not.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lastwish.aws.clients import engine_client, plain_errors
from lastwish.errors import DeployFailed, TemplateError
from lastwish.local.template import resources

TYPE = "AWS::CloudWatch::CompositeAlarm"
_PLACE = re.compile(r"\$\{(!?)([\w:.]+)\}")
_TAKEN = frozenset({
    "AlarmName", "AlarmRule", "AlarmDescription", "ActionsEnabled", "AlarmActions", "OKActions",
    "InsufficientDataActions",
})  # fmt: skip


def put(engine: str, stack: str, template: Path) -> list[str]:
    """Put all composite alarms of this template. Returns their names. Raises TemplateError, DeployFailed, AwsError."""
    found = {name: each["Properties"] for name, each in resources(template).items() if each.get("Type") == TYPE}
    if not found:
        return []
    with plain_errors():
        made = engine_client("cloudformation", engine).describe_stack_resources(StackName=stack)["StackResources"]
    alarms = resolved(found, names(stack, made))
    _put(engine_client("cloudwatch", engine), alarms)
    return [alarm["AlarmName"] for alarm in alarms]


def names(stack: str, made: list[dict[str, Any]]) -> dict[str, str]:
    """What Ref gives for the resources of a deployed stack, and for the pseudo parameters."""
    _, _, _, region, account, _ = made[0]["StackId"].split(":", 5)
    pseudo = {"StackName": stack, "Region": region, "AccountId": account, "Partition": "aws"}
    return {f"AWS::{name}": value for name, value in pseudo.items()} | {
        each["LogicalResourceId"]: each["PhysicalResourceId"] for each in made
    }


def resolved(found: Mapping[str, dict[str, Any]], known: Mapping[str, str]) -> list[dict[str, Any]]:
    """The alarms as arguments of PutCompositeAlarm, by logical id. They may name each other. Raises TemplateError."""
    known = dict(known) | {each: _resolve(alarm["AlarmName"], known) for each, alarm in found.items()}
    return [_resolve({key: alarm[key] for key in alarm if key in _TAKEN}, known) for alarm in found.values()]


def _resolve(value: Any, known: Mapping[str, str]) -> Any:
    """A value with its intrinsic functions answered. Raises TemplateError where one is not known here."""
    if isinstance(value, list):
        return [_resolve(each, known) for each in value]
    if not isinstance(value, dict):
        return value
    name = next(iter(value), "")
    if name == "Ref" or name.startswith("Fn::"):
        return _answered(name, value[name], known)
    return {key: _resolve(each, known) for key, each in value.items()}


def _answered(function: str, asked: Any, known: Mapping[str, str]) -> Any:
    """An intrinsic function."""
    match function, asked:
        case "Ref", str():
            return _known(asked, known)
        case "Fn::Sub", [text, variables]:
            return _substituted(text, {**known, **_resolve(variables, known)})
        case "Fn::Sub", str():
            return _substituted(asked, known)
        case "Fn::Join", [between, parts]:
            return between.join(_resolve(parts, known))
        case "Fn::If", ["OnAws", _, elsewhere]:
            return _resolve(elsewhere, known)
    raise TemplateError(f"a composite alarm uses {function} in a way that is not known on a laptop")


def _substituted(text: str, known: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: f"${{{place[2]}}}" if place[1] else _known(place[2], known), text)


def _known(name: str, known: Mapping[str, str]) -> str:
    if name not in known:
        raise TemplateError(f"a composite alarm names {name}, which the stack on a laptop does not have")
    return known[name]


def _put(cloudwatch: Any, alarms: list[dict[str, Any]]) -> None:
    """Each after those that it names: round by round, as long as one more can be put."""
    while alarms:
        left: list[dict[str, Any]] = []
        for alarm in alarms:
            try:
                cloudwatch.put_composite_alarm(**alarm)
            except (ClientError, BotoCoreError) as error:
                left.append(alarm)
                reason = f"{alarm['AlarmName']}: {error}"
        if len(left) == len(alarms):
            raise DeployFailed(f"the engine refuses a composite alarm: {reason}")
        alarms = left
