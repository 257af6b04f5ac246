"""One stack in CloudFormation: plan a change, execute it, wait, cancel, heal, delete, take over.

Statuses are CloudFormation's own (its User Guide, "Stack status codes").
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lastwish.aws.clients import physical_ids, stack_if_any
from lastwish.shipping.deploying.changes import Changes, read
from lastwish.shipping.deploying.errors import DeployError, DeployStopped, StackFailed

_GOOD = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "DELETE_COMPLETE"}
# A first deploy that failed: nothing but deleting it is possible.
_STILLBORN = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"}
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]

type Watch = Callable[[], None]


@dataclass(frozen=True)
class Plan:
    """A change set that waits for its execution."""

    arn: str
    changes: Changes


class Stack:
    """Stack of this name; `pause` is the seconds between two looks. Raises botocore's errors too."""

    def __init__(self, cloudformation: Any, name: str, pause: float = 5.0) -> None:
        self._aws, self.name, self._pause = cloudformation, name, pause

    def described(self) -> dict[str, Any] | None:
        """Return it as CloudFormation describes it; None where there is none."""
        found = stack_if_any(self._aws, self.name)
        return found if found and found["StackStatus"] != "DELETE_COMPLETE" else None

    def status(self) -> str | None:
        """Return its status; None where there is none."""
        found = self.described()
        return found["StackStatus"] if found else None

    def plan(
        self, template: dict[str, str], parameters: dict[str, str], adopt: list[dict[str, Any]] | None = None
    ) -> Plan | None:
        """Make a change set; None where nothing would change. `template` is its TemplateURL or TemplateBody.

        `adopt` are the resources that it takes over (ResourcesToImport of CreateChangeSet); it changes nothing else
        then. Raises StackFailed when CloudFormation refuses it.
        """
        found = self.described()
        first = found is None or found["StackStatus"] == "REVIEW_IN_PROGRESS"
        kind: dict[str, Any] = {"ChangeSetType": "CREATE" if first else "UPDATE", "IncludeNestedStacks": True}
        kind["Tags"] = [{"Key": "lastwish-stack", "Value": self.name}]  # as samconfig.toml's: the budget counts by it
        if adopt:  # which may add no tag
            kind = {"ChangeSetType": "IMPORT", "ResourcesToImport": adopt}
        try:
            arn = self._aws.create_change_set(
                StackName=self.name,
                ChangeSetName=f"lastwish-{uuid.uuid4().hex}",
                Capabilities=_CAPABILITIES,
                Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
                **template,
                **kind,
            )["Id"]
        except ClientError as error:
            raise StackFailed(f"CloudFormation refuses {self.name}: {error.response['Error']['Message']}") from None
        made = self._wait_for_change_set(arn)
        if made["Status"] == "FAILED":
            self.forget(arn)
            reason = made.get("StatusReason", "")
            if "didn't contain changes" in reason or "No updates are to be performed" in reason:
                return None
            raise StackFailed(f"CloudFormation cannot change {self.name}: {reason}")
        before = {each["ParameterKey"]: each["ParameterValue"] for each in (found or {}).get("Parameters", [])}
        after = {each["ParameterKey"]: each["ParameterValue"] for each in made.get("Parameters", [])}
        changed = [] if first else [(n, before.get(n, ""), v) for n, v in after.items() if before.get(n, "") != v]
        return Plan(arn, Changes(read(list(self._changes(arn))), changed))

    def _wait_for_change_set(self, arn: str) -> dict[str, Any]:
        while True:
            made: dict[str, Any] = self._aws.describe_change_set(ChangeSetName=arn)
            if made["Status"] in ("CREATE_COMPLETE", "FAILED"):
                return made
            time.sleep(self._pause)

    def _changes(self, arn: str) -> Iterator[dict[str, Any]]:
        """Yield the ResourceChanges, those of nested stacks in the place of these."""
        pages = self._aws.get_paginator("describe_change_set").paginate(ChangeSetName=arn)
        for found in (each["ResourceChange"] for page in pages for each in page["Changes"]):
            nested = found.get("ChangeSetId")
            yield from self._changes(nested) if nested else [found]

    def forget(self, arn: str) -> None:
        """Delete a change set that is not wanted, and the empty stack that it made."""
        self._aws.delete_change_set(ChangeSetName=arn)
        if self.status() == "REVIEW_IN_PROGRESS":
            self._aws.delete_stack(StackName=self.name)

    def execute(self, plan: Plan, watch: Watch) -> str:
        """Execute a change set and wait. Return the status. Raises StackFailed, and what `watch` raises."""
        begun = self._last_event()
        self._aws.execute_change_set(ChangeSetName=plan.arn)
        try:
            status = self.settle(watch)
        except DeployStopped as stopped:
            if self.cancel():
                status = self.settle(lambda: None) or ""
                how = "went back" if "ROLLBACK" in status else "was changed before that"
                raise DeployStopped(f"{stopped}; the stack {how} and is {status}") from None
            raise DeployStopped(f"{stopped}; CloudFormation cannot cancel this, and goes on with it") from None
        if status not in _GOOD:
            raise StackFailed(f"{self.name} is {status}: {self._why(begun)}")
        return status

    def settle(self, watch: Watch) -> str | None:
        """Wait until nothing is in progress. Return the status."""
        while (status := self.status()) and status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            watch()
            time.sleep(self._pause)
        return status

    def cancel(self) -> bool:
        """Cancel an update; the stack goes back. Return whether it does."""
        with suppress(ClientError):  # nothing that can be cancelled, or cancelled already
            self._aws.cancel_update_stack(StackName=self.name)
        return (self.status() or "").startswith("UPDATE_")

    def heal(self, tell: Callable[[str], None], watch: Watch) -> None:
        """Bring it to where it can be changed, after something in progress, a failed rollback or first deploy."""
        status = self.settle(watch)
        if status == "UPDATE_ROLLBACK_FAILED":
            tell(f"{self.name} is {status}: going on with its rollback")
            begun = self._last_event()
            self._aws.continue_update_rollback(StackName=self.name)
            status = self.settle(watch)
            if status != "UPDATE_ROLLBACK_COMPLETE":
                skip = "mend that, or leave it out: aws cloudformation continue-update-rollback --resources-to-skip"
                raise StackFailed(f"{self.name} is {status}: {self._why(begun)}; {skip}")
        if status in _STILLBORN:
            tell(f"{self.name} is {status}: it never worked, and is deleted first")
            self.delete(watch)

    def delete(self, watch: Watch) -> None:
        """Delete it and wait; nothing where there is none. Raises StackFailed."""
        begun = self._last_event()
        if self.status():
            self._aws.delete_stack(StackName=self.name)
            if status := self.settle(watch):
                raise StackFailed(f"{self.name} is {status}: {self._why(begun)}; mend that, and do it again")

    def tables(self) -> dict[str, str]:
        """Return the physical names of its tables by logical id; none where there is no stack."""
        return physical_ids(self._aws, self.name, "AWS::DynamoDB::Table") if self.status() else {}

    def _last_event(self) -> str:
        return next((each["EventId"] for each in self._events()), "")

    def _why(self, since: str) -> str:
        """Return the first reason of a failure since an event."""
        reasons = []
        for each in self._events():
            if each["EventId"] == since:
                break
            if each["ResourceStatus"].endswith("_FAILED") and each.get("ResourceStatusReason"):
                reasons.append(f"{each['LogicalResourceId']}: {each['ResourceStatusReason']}")
        return reasons[-1] if reasons else "see its events in CloudFormation"

    def _events(self) -> Iterator[dict[str, Any]]:
        """Yield its events, newest first."""
        try:
            for page in self._aws.get_paginator("describe_stack_events").paginate(StackName=self.name):
                yield from page["StackEvents"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise


def adoptable(template: dict[str, Any], tables: list[str], stack: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the template of what a deleted stack left, and which tables it is: for `Stack.plan`.

    An import may make nothing, so only the tables with a DeletionPolicy are in it, without outputs. Raises DeployError
    unless each of them was left exactly once.
    """
    kept = {
        name: each | {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::DynamoDB::Table" and "DeletionPolicy" in each
    }
    wanted = []
    for name in kept:
        left = [table for table in tables if table.startswith(f"{stack}-{name}-")]
        if len(left) != 1:
            several = f"{len(left)} ({', '.join(left)}): delete those that are not wanted" if left else "none"
            raise DeployError(f"of {name} an earlier {stack} left {several}; without --adopt a new one is made")
        wanted.append(
            {
                "ResourceType": "AWS::DynamoDB::Table",
                "LogicalResourceId": name,
                "ResourceIdentifier": {"TableName": left[0]},
            }
        )
    slim = {key: template[key] for key in ("AWSTemplateFormatVersion", "Parameters", "Conditions") if key in template}
    return slim | {"Resources": kept}, wanted
