"""Bare handlers: the duty of each function of the chain with boto3 and the standard library alone, written plainly.

They take the same events, make the same calls and store the same items. They have no models, no traces, no metrics, no
retries of their own; each prints one line.
"""

import html
import json
import os
import re
import unicodedata
import uuid
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

sqs, dynamodb = boto3.client("sqs"), boto3.client("dynamodb")
serialise, deserialise = TypeSerializer().serialize, TypeDeserializer().deserialize
WORDS = set((Path(__file__).parents[1] / "src/parser/held_words.txt").read_text(encoding="utf-8").split("\n"))
SUSPECT = re.compile(r"https?://|www\.\S|\S@\S+\.\w|\+?\d([ ()./-]?\d){8,}|(\S)\2{29}", re.IGNORECASE)
ARRIVES_ON = {"mars": "2045-10-01", "jupiter": "2051-01-01"}
SEATS = {"mars": 40_000, "jupiter": 25_000}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _clean(text: str) -> str:
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\t", " ")
    shown = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return html.escape(shown.strip(), quote=False)


def _envelope(wish_id: str, kind: str, correlation: str, data: dict[str, Any]) -> dict[str, Any]:
    kind = f"lastwish.wish.{kind}.v1"
    about = {"id": str(uuid.uuid5(uuid.UUID(wish_id), kind)), "type": kind, "subject": wish_id, "time": _now()}
    return {"specversion": "1.0", "source": "bare", "correlationid": correlation, **about, "data": data}


def frontend(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Check and clean a wish, send it to Inbox, answer 202."""
    if len(event["body"].encode()) > 8192:
        return {"statusCode": 413, "body": ""}
    fields = json.loads(event["body"])
    message, name = _clean(fields["message"]), _clean(fields.get("name") or "")
    if not 1 <= len(message) <= 500 or len(name) > 60 or fields["destination"] not in SEATS:
        return {"statusCode": 422, "body": ""}
    wish = {"destination": fields["destination"], "name": name or None, "message": message}
    wish["digest"] = sha256(json.dumps(wish).encode()).hexdigest()
    wish_id = str(uuid.uuid4())
    envelope = _envelope(wish_id, "submitted", event["requestContext"]["extendedRequestId"], wish)
    sqs.send_message(QueueUrl=os.environ["INBOX_URL"], MessageBody=json.dumps(envelope))
    print("sent", wish_id)
    answer = {"wish_id": wish_id, "status": "submitted", "links": {"self": f"wishes/{wish_id}"}}
    return {"statusCode": 202, "headers": {"Content-Type": "application/json"}, "body": json.dumps(answer)}


def _is_suspect(wish: dict[str, Any]) -> bool:
    text = unicodedata.normalize("NFKD", html.unescape(f"{wish['name'] or ''}\n{wish['message']}")).casefold()
    return not WORDS.isdisjoint(re.findall(r"\w+", text)) or bool(SUSPECT.search(text))


def parser(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Judge and screen each wish, send all of them to Pods at once."""
    entries: list[Any] = []
    for number, record in enumerate(event["Records"]):
        submission = json.loads(record["body"])
        wish_id, correlation = submission["subject"], submission["correlationid"]
        only_links = all(word.startswith(("http://", "https://")) for word in submission["data"]["message"].split())
        verdict = ("rejected", {"reason": "only-links"}) if only_links else ("accepted", {})
        story = [submission, _envelope(wish_id, verdict[0], correlation, verdict[1])]
        if _is_suspect(submission["data"]):
            story.append(_envelope(wish_id, "held", correlation, {"reason": "word"}))
        entries.append({"Id": str(number), "MessageBody": json.dumps(story)})
    answer = sqs.send_message_batch(QueueUrl=os.environ["PODS_URL"], Entries=entries)
    print("judged", len(entries))
    failed = [event["Records"][int(entry["Id"])]["messageId"] for entry in answer.get("Failed", [])]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _lease(counts: dict[str, int]) -> dict[str, int]:
    """Move the marks past so many seats; return the first seat of each destination."""
    limits = {f":{to}_last": {"N": str(SEATS[to] - count)} for to, count in counts.items()}
    answer = dynamodb.update_item(
        TableName=os.environ["SEATS"],
        Key={"id": {"S": "marks"}},
        UpdateExpression="ADD " + ", ".join(f"{to} :{to}" for to in counts),
        ConditionExpression=" AND ".join(f"(attribute_not_exists({to}) OR {to} <= :{to}_last)" for to in counts),
        ExpressionAttributeValues={f":{to}": {"N": str(count)} for to, count in counts.items()} | limits,
        ReturnValues="UPDATED_NEW",
    )
    return {to: int(answer["Attributes"][to]["N"]) - count + 1 for to, count in counts.items()}


def worker(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Find the new wishes, lease their seats at once, store each as one item."""
    store = os.environ["EVENT_STORE"]
    stories = [json.loads(record["body"]) for record in event["Records"]]
    keys: Any = [{"stream": {"S": f"wish#{story[0]['subject']}"}, "version": {"N": "1"}} for story in stories]
    found = dynamodb.batch_get_item(RequestItems={store: {"Keys": keys, "ConsistentRead": True}})
    known = {item["stream"]["S"] for item in found["Responses"][store]}
    new = [story for story in stories if f"wish#{story[0]['subject']}" not in known]
    going = [story[0]["data"]["destination"] for story in new]
    seats = _lease({to: going.count(to) for to in sorted(set(going))})
    for story in new:
        destination, now = story[0]["data"]["destination"], _now()
        seat = seats[destination]
        seats[destination] += 1
        boarded = {"seat": seat, "pod": (seat - 1) // 100 + 1, "arrives_on": ARRIVES_ON[destination]}
        events = [{"type": each["type"], "time": each["time"], "data": each["data"]} for each in story]
        events.append({"type": "lastwish.wish.boarded.v2", "time": now, "data": boarded})
        shown = {"by": "rules", "since": (datetime.now(UTC) + timedelta(seconds=5)).isoformat()}
        events.append({"type": "lastwish.wish.shown.v2", "time": now, "data": shown})
        item = {"stream": f"wish#{story[0]['subject']}", "version": 1, "commit_id": story[0]["id"], "time": now}
        item |= {"correlation_id": story[0]["correlationid"], "events": events}
        dynamodb.put_item(
            TableName=store,
            Item={name: serialise(value) for name, value in item.items()},
            ConditionExpression="attribute_not_exists(#stream)",
            ExpressionAttributeNames={"#stream": "stream"},
        )
    print("stored", len(new))
    return {"batchItemFailures": []}


def projector(event: dict[str, Any], _context: object) -> None:
    """Write a row for each new wish, the feed's entry and the counters, as one transaction."""
    table = os.environ["READ_MODEL"]
    pointer = dynamodb.get_item(TableName=table, Key={"pk": {"S": "pointer"}, "sk": {"S": "-"}}, ConsistentRead=True)
    number = pointer["Item"]["current"]["N"]
    totals_key: Any = {"pk": {"S": f"{number}#totals"}, "sk": {"S": "-"}}
    totals = dynamodb.get_item(TableName=table, Key=totals_key, ConsistentRead=True)
    position = int(totals["Item"]["position"]["N"]) + 1
    writes: list[Any] = []
    shown: dict[str, list[str]] = {}
    counts: dict[str, int] = {"position": 1}
    due = ""
    for record in event["Records"]:
        commit = {name: deserialise(value) for name, value in record["dynamodb"]["NewImage"].items()}
        submitted, _, boarded, visible = (each["data"] for each in commit["events"])
        wish_id, shelf = commit["stream"][5:], f"pod#{submitted['destination']}#{boarded['pod']}"
        row = {name: submitted[name] for name in ("destination", "name", "message")} | {"seat": boarded["seat"]}
        row |= {"pk": f"{number}#{shelf}", "sk": wish_id, "outcome": "boarded", "visibility": "shown", "version": 1}
        row["shown_at"], due = visible["since"], max(due, visible["since"])
        item = {name: serialise(value) for name, value in row.items()}
        writes.append({"Put": {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}})
        shown.setdefault(shelf, []).append(wish_id)
        counts[f"{submitted['destination']}_boarded"] = counts.get(f"{submitted['destination']}_boarded", 0) + 1
    entry = {"pk": f"{number}#feed", "sk": f"{position:012}", "wishes": shown, "due": due}
    item = {name: serialise(value) for name, value in entry.items()}
    writes.append({"Put": {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}})
    update: Any = {
        "TableName": table,
        "Key": totals_key,
        "UpdateExpression": "ADD " + ", ".join(f"{name} :{name}" for name in counts),
        "ExpressionAttributeValues": {f":{name}": {"N": str(count)} for name, count in counts.items()},
    }
    dynamodb.transact_write_items(TransactItems=[*writes, {"Update": update}])
    print("projected", len(event["Records"]))
