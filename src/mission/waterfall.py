"""Turn X-Ray's documents of one trace into a waterfall: each segment with its hop, its depth and its times. Pure.

X-Ray gives documents in any order: segments with subsegments inside them, subsegments by themselves, some twice (in
progress and finished), some without their parent.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from domain.envelope import timestamp

HOPS = ("API", "frontend", "console", "mission", "Inbox", "parser", "Pods", "worker", "EventStore", "projector")
_FUNCTION = re.compile(r"(?:^|-)([A-Z][a-z]+)Function(?:-|$)")
_RESOURCE = re.compile(r"(?:^|[-/ ])(Inbox|InboxDlq|Pods|PodsDlq|ProjectorDlq|EventStore|ReadModel|Seats)(?:[- ]|$)")
_SERVICES = {"dynamodb": "DynamoDB", "sqs": "SQS", "xray": "X-Ray", "monitoring": "CloudWatch"}
_WRITES = ("Put", "Update", "Transact")
_OURS = tuple(f"{package}/" for package in ("domain", "infra", "web", *HOPS))

type Node = dict[str, Any]


def waterfall(trace_id: str, documents: Iterable[Node]) -> dict[str, Any] | None:
    """Return the trace as in docs/http.md, its segments by their start; None without any document.

    A trace is complete when the wish has reached the projector and every segment has ended.
    """
    nodes = _newest_nodes(documents)
    rows = sorted(_rows(nodes), key=lambda row: row["start"])
    if not rows:
        return None
    started, ended = rows[0]["start"], max(row["end"] or row["start"] for row in rows)
    wishes = {node.get("annotations", {}).get("wish_id") for node in nodes.values()} - {None}
    hops = [hop for hop in HOPS if hop in {row["hop"] for row in rows}]
    return {
        "trace_id": trace_id,
        "wish_id": wishes.pop() if len(wishes) == 1 else None,  # the trace of a batch has many
        "started": timestamp(datetime.fromtimestamp(started, UTC)),
        "duration_ms": round(1000 * (ended - started)),
        "complete": "projector" in hops and all(row["end"] for row in rows),
        "hops": hops,
        "segments": [row | {"offset_ms": round(1000 * (row["start"] - started))} for row in rows],
    }


def _newest_nodes(documents: Iterable[Node]) -> dict[str, Node]:
    """Return all nodes by id, each in its newest version, without those that repeat another.

    These are the queues and tables that X-Ray infers from our own calls, and the Lambda service above its function.
    """
    nodes: dict[str, Node] = {}
    for node in _flat(documents):
        if (node["end_time"] or 0) >= (nodes.get(node["id"], node)["end_time"] or 0):
            nodes[node["id"]] = node
    parents = {node["parent_id"] for node in nodes.values() if node.get("origin") == "AWS::Lambda::Function"}
    for node in list(nodes.values()):
        if node.get("inferred") or (node.get("origin") == "AWS::Lambda" and node["id"] in parents):
            del nodes[node["id"]]
            for child in nodes.values():
                if child["parent_id"] == node["id"]:
                    child["parent_id"] = node["parent_id"]
    return nodes


def _flat(documents: Iterable[Node], parent: str | None = None) -> Iterator[Node]:
    for document in documents:
        end = None if document.get("in_progress") else document.get("end_time")
        yield document | {"parent_id": document.get("parent_id") or parent, "end_time": end}
        yield from _flat(document.get("subsegments", ()), document["id"])


def _rows(nodes: dict[str, Node]) -> Iterator[Node]:
    """Yield each node below its parent; a node without one stands at the top."""
    children: defaultdict[str | None, list[Node]] = defaultdict(list)
    for node in sorted(nodes.values(), key=lambda node: node["start_time"]):
        children[node["parent_id"] if node["parent_id"] in nodes else None].append(node)

    def below(parent: str | None, depth: int, inside: str | None) -> Iterator[Node]:
        for node in children[parent]:
            name, hop = _name_and_hop(node, inside)
            yield {"id": node["id"], "parent_id": parent, "name": name, "hop": hop, "depth": depth} | _facts(node)
            yield from below(node["id"], depth + 1, hop or inside)

    return below(None, 0, None)


def _facts(node: Node) -> Node:
    start, end, annotations = node["start_time"], node["end_time"], node.get("annotations", {})
    receives = str(annotations.get("receive_count"))
    return {
        "start": start,
        "end": end,
        "duration_ms": round(1000 * (end - start)) if end else None,
        "fault": bool(node.get("fault")),
        "error": bool(node.get("error") or node.get("throttle")),
        "exceptions": _exceptions(node),
        "outcome": annotations.get("outcome"),
        "receive_count": int(receives) if receives.isdecimal() else None,
    }


def _exceptions(node: Node) -> list[Node]:
    """Return class and stack of what was raised in a segment, never the text: it may quote what a person typed.

    ``raised_at`` is the last line of our own code in the stack.
    """
    cause = node.get("cause")  # of a segment by AWS perhaps an id, of an exception in another segment
    found = cause.get("exceptions") or () if isinstance(cause, dict) else ()
    stacks = [[f"{f.get('path')}:{f.get('line')} in {f.get('label')}" for f in e.get("stack") or ()] for e in found]
    ours = [[frame for frame in stack if frame.startswith(_OURS)] or stack for stack in stacks]
    return [
        {"type": str(exception.get("type", "")), "raised_at": next(reversed(own), None), "stack": stack}
        for exception, own, stack in zip(found, ours, stacks, strict=True)
    ]


def _name_and_hop(node: Node, inside: str | None) -> tuple[str, str | None]:
    """Return a readable name, and the hop if the node is one. ``inside`` is the hop around it."""
    name, origin, call = str(node["name"]), node.get("origin"), node.get("aws") or {}
    if origin == "AWS::ApiGateway::Stage":
        return name, "API"
    if origin == "AWS::Lambda::Function" and (match := _FUNCTION.search(name)):
        name = match[1].lower()
    if node.get("namespace") != "aws":
        return name.removeprefix("## "), name if name in HOPS else None
    operation = str(call.get("operation", ""))
    target = call.get("queue_url") or call.get("table_name") or " ".join(call.get("table_names", ()))
    resource = match[1] if (match := _RESOURCE.search(str(target))) else ""
    is_append = inside == "worker" and resource == "EventStore" and operation.startswith(_WRITES)
    words = (_SERVICES.get(name, name), operation, resource)
    return " ".join(filter(None, words)), "EventStore" if is_append else None
