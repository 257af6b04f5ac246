"""Queues and tables on moto, and what a test wants to know of them."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Aws:
    """Resources on moto, with the reads that tests need."""

    sqs: Any
    dynamodb: Any
    urls: dict[str, str]
    table: str

    def messages(self, queue: str) -> list[dict[str, Any]]:
        """Everything in a queue now, with its attributes."""
        answer = self.sqs.receive_message(
            QueueUrl=self.urls[queue],
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def take(self, queue: str) -> list[dict[str, Any]]:
        """Everything in a queue now, removed from it: it does not appear again after a while."""
        messages = self.messages(queue)
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.urls[queue], ReceiptHandle=message["ReceiptHandle"])
        return messages

    def stored(self) -> list[dict[str, Any]]:
        """Every item of the event store."""
        return list(self.dynamodb.scan(TableName=self.table)["Items"])

    def deliver(self, queue: str) -> dict[str, Any]:
        """Return the messages of a queue as records of an SQS event, as Lambda gets them."""
        return {"Records": [as_record(message) for message in self.messages(queue)]}


def as_record(message: dict[str, Any]) -> dict[str, Any]:
    """Return a received message as a record of an SQS event."""
    attributes = {
        name: {"stringValue": value["StringValue"], "dataType": "String"}
        for name, value in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": attributes,
        "eventSource": "aws:sqs",
    }
