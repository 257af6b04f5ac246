"""The tables and queues of template.yaml on the simulated services."""

from functools import cache
from typing import Any

from tests.support import template
from tests.support.simulated.dynamodb import DynamoDB
from tests.support.simulated.sqs import Sqs

TABLES = ("EventStore", "Seats", "ReadModel")
QUEUES = ("Inbox", "InboxDlq", "Pods", "PodsDlq", "ProjectorDlq", "Parked")


def create(dynamodb: DynamoDB, sqs: Sqs) -> dict[str, str]:
    """Create all of them, with the template's redrive. Return the URLs of the queues by logical id."""
    definitions = _definitions()
    for name in TABLES:
        dynamodb.CreateTable({"TableName": name, **definitions[name]})
    urls = {name: sqs.CreateQueue({"QueueName": name, "Attributes": definitions[name]})["QueueUrl"] for name in QUEUES}
    for name in ("Inbox", "Pods"):
        queue = sqs.queues[urls[name]]
        queue.dead_letters, queue.most_receives = urls[f"{name}Dlq"], definitions["receives"][name]
    return urls


@cache
def _definitions() -> dict[str, Any]:
    resources = template.load()["Resources"]
    policies = {name: resources[name]["Properties"]["RedrivePolicy"] for name in ("Inbox", "Pods")}
    return {
        **{name: template.table(name) for name in TABLES},
        **{name: template.queue_attributes(name) for name in QUEUES},
        "receives": {name: policy["maxReceiveCount"] for name, policy in policies.items()},
    }
