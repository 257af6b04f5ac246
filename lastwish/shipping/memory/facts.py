"""Facts of commits without what people typed: all that the long memory gets of EventStore (docs/decisions/0037).

On AWS this file is a function of memory.yaml: a pipe hands it records of the table's stream.
"""

from typing import Any

# What is not named here stays in the table: name and message, their digest, and whatever a later event may add.
FACTS = {"destination": "destination", "reason": "reason", "seat": "seat", "decided_by": "by"}


def handler(records: list[dict[str, Any]], _context: object) -> list[dict[str, Any]]:
    """Return the rows of new commits. A record that only takes a text away (MODIFY) has none."""
    return [row for each in records if each["eventName"] == "INSERT" for row in rows(each["dynamodb"]["NewImage"])]


def rows(item: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each event of a commit in DynamoDB's JSON; none for an item that is no commit of ours."""
    try:
        commit = {
            "wish_id": item["stream"]["S"].removeprefix("wish#"),
            "version": int(item["version"]["N"]),
            "commit_id": item["commit_id"]["S"],
            "correlation_id": item["correlation_id"]["S"],
            "trace_id": value(item, "trace_id"),
            "stored_at": item["time"]["S"],
        }
        return [commit | _event(position, each["M"]) for position, each in enumerate(item["events"]["L"])]
    except (KeyError, TypeError, ValueError, AttributeError):
        return []  # one that raised would stop the pipe for a day


def _event(position: int, event: dict[str, Any]) -> dict[str, Any]:
    data = event["data"]["M"]
    facts = {column: value(data, field) for column, field in FACTS.items()}
    return {"position": position, "type": event["type"]["S"], "time": event["time"]["S"], **facts}


def value(attributes: dict[str, Any], name: str) -> str | int | None:
    """Return an attribute that is a text or a whole number, None for any other."""
    found = attributes.get(name, {})
    return int(found["N"]) if "N" in found else found.get("S")
