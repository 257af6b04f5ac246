"""Handlers of passthrough.yaml, which do as little as a chain can: read the message, pass it on.

Each prints a line, since the local engine waits up to 50 ms for the first line of a silent handler.
"""

import json
import os
import uuid
from typing import Any

import boto3

NEXT = os.environ["NEXT"]
sqs = boto3.client("sqs")
dynamodb = boto3.client("dynamodb")


def front(event: dict[str, Any], _context: object) -> dict[str, Any]:
    wish = json.loads(event["body"]) | {"id": str(uuid.uuid4())}
    sqs.send_message(QueueUrl=NEXT, MessageBody=json.dumps(wish))
    print("sent")
    return {"statusCode": 202, "body": json.dumps({"wish_id": wish["id"]})}


def middle(event: dict[str, Any], _context: object) -> None:
    wishes = [json.loads(record["body"]) for record in event["Records"]]
    entries: Any = [{"Id": str(n), "MessageBody": json.dumps(wish)} for n, wish in enumerate(wishes)]
    sqs.send_message_batch(QueueUrl=NEXT, Entries=entries)
    print("sent", len(entries))


def back(event: dict[str, Any], _context: object) -> None:
    for record in event["Records"]:
        wish = json.loads(record["body"])
        item = {name: {"S": value} for name, value in wish.items()}
        dynamodb.put_item(TableName=NEXT, Item=item)
    print("stored", len(event["Records"]))
