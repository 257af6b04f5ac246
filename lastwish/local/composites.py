"""Put the composite alarms of observability.yaml through the CloudWatch API.

The engine's CloudFormation refuses their type, so the template makes them on AWS only. What they refer to exists here.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lastwish.aws.clients import Endpoint, engine_client, physical_ids, plain_errors
from lastwish.errors import DeployFailed, TemplateError
from lastwish.local.template import nested, resources

TYPE = "AWS::CloudWatch::CompositeAlarm"
_PLACEHOLDER = re.compile(r"\$\{(!?)([\w:.]+)\}")
_ARGUMENTS = frozenset({
    "AlarmName", "AlarmRule", "AlarmDescription", "ActionsEnabled", "AlarmActions", "OKActions",
    "InsufficientDataActions",
})  # fmt: skip


def put(engine: Endpoint, stack: str, template: Path) -> list[str]:
    """Put all composite alarms of this template's nested stacks. Return their names.

    Raises TemplateError, DeployFailed, AwsError.
    """
    cloudformation, cloudwatch = engine_client("cloudformation", engine), engine_client("cloudwatch", engine)
    names = []
    for logical_id, file in nested(template).items():
        if composites := _composites(file):
            stack_id = physical_ids(cloudformation, stack)[logical_id]
            with plain_errors():
                (deployed,) = cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
            alarms = resolved(composites, references(deployed, physical_ids(cloudformation, stack_id)))
            _put(cloudwatch, alarms)
            names += [alarm["AlarmName"] for alarm in alarms]
    return names


def _composites(template: Path) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in resources(template).items() if each.get("Type") == TYPE}


def references(stack: dict[str, Any], physical: Mapping[str, str]) -> dict[str, str]:
    """Return what Ref gives in a deployed stack: for resources, parameters and pseudo parameters.

    `stack` is as DescribeStacks gives it, `physical` has the ids of its resources by logical id.
    """
    _, _, _, region, account, _ = stack["StackId"].split(":", 5)
    pseudo = {"StackName": stack["StackName"], "Region": region, "AccountId": account, "Partition": "aws"}
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}
    return {f"AWS::{name}": value for name, value in pseudo.items()} | parameters | dict(physical)


def resolved(composites: Mapping[str, dict[str, Any]], known: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return composites, given by logical id, as arguments of PutCompositeAlarm. Raises TemplateError.

    `known` is what Ref gives. A composite may refer to another one.
    """
    known = dict(known) | {name: _resolve(alarm["AlarmName"], known) for name, alarm in composites.items()}
    return [_resolve({key: alarm[key] for key in alarm if key in _ARGUMENTS}, known) for alarm in composites.values()]


def _resolve(value: Any, known: Mapping[str, str]) -> Any:
    """Return a value with its intrinsic functions evaluated. Raises TemplateError for one that this cannot evaluate."""
    if isinstance(value, list):
        return [_resolve(item, known) for item in value]
    if not isinstance(value, dict):
        return value
    name = next(iter(value), "")
    if name == "Ref" or name.startswith("Fn::"):
        return _evaluate(name, value[name], known)
    return {key: _resolve(item, known) for key, item in value.items()}


def _evaluate(function: str, argument: Any, known: Mapping[str, str]) -> Any:
    match function, argument:
        case "Ref", str():
            return _lookup(argument, known)
        case "Fn::Sub", [text, variables]:
            return _substitute(text, {**known, **_resolve(variables, known)})
        case "Fn::Sub", str():
            return _substitute(argument, known)
        case "Fn::Join", [between, parts]:
            return between.join(_resolve(parts, known))
        case "Fn::If", ["OnAws", _, elsewhere]:
            return _resolve(elsewhere, known)
    raise TemplateError(f"a composite alarm uses {function} in a way that a laptop cannot evaluate")


def _substitute(text: str, known: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: f"${{{found[2]}}}" if found[1] else _lookup(found[2], known), text)


def _lookup(name: str, known: Mapping[str, str]) -> str:
    if name not in known:
        raise TemplateError(f"a composite alarm refers to {name}, which the stack on a laptop does not have")
    return known[name]


def _put(cloudwatch: Any, alarms: list[dict[str, Any]]) -> None:
    """Put each alarm after those that it refers to: in rounds, as long as a round puts at least one."""
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
