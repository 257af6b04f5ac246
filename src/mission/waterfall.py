"""From what X-Ray recorded of one trace to a waterfall: what happened in which hop, below what, when. Pure.

X-Ray gives documents in any order: segments with subsegments inside them, subsegments on their own, some twice (begun
and finished), some whose parent never came.
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

type Node = dict[str, Any]


def waterfall(trace_id: str, documents: Iterable[Node]) -> dict[str, Any] | None:
    """The trace as docs/http.md has it, its segments by their start; None where there is nothing of it.

    It is complete when the wish has reached the projector and nothing has still to end.
    """
    nodes = _told_once(documents)
    rows = sorted(_rows(nodes), key=lambda row: row["start"])
    if not rows:
        return None
    began, ended = rows[0]["start"], max(row["end"] or row["start"] for row in rows)
    wishes = {node.get("annotations", {}).get("wish_id") for node in nodes.values()} - {None}
    hops = [hop for hop in HOPS if hop in {row["hop"] for row in rows}]
    return {
        "trace_id": trace_id,
        "wish_id": wishes.pop() if len(wishes) == 1 else None,  # a batch's trace is about many
        "started": timestamp(datetime.fromtimestamp(began, UTC)),
        "duration_ms": round(1000 * (ended - began)),
        "complete": "projector" in hops and all(row["end"] for row in rows),
        "hops": hops,
        "segments": [row | {"offset_ms": round(1000 * (row["start"] - began))} for row in rows],
    }


def _told_once(documents: Iterable[Node]) -> dict[str, Node]:
    """All nodes by id, each in its newest version, without what AWS shows beside the one that we want to see.

    That is the queues and tables that X-Ray infers from our own calls, and Lambda the service above its function.
    """
    nodes: dict[str, Node] = {}
    for each in _flat(documents):
        if (each["end_time"] or 0) >= (nodes.get(each["id"], each)["end_time"] or 0):
            nodes[each["id"]] = each
    above = {each["parent_id"] for each in nodes.values() if each.get("origin") == "AWS::Lambda::Function"}
    for each in list(nodes.values()):
        if each.get("inferred") or (each.get("origin") == "AWS::Lambda" and each["id"] in above):
            del nodes[each["id"]]
            for other in nodes.values():
                if other["parent_id"] == each["id"]:
                    other["parent_id"] = each["parent_id"]
    return nodes


def _flat(documents: Iterable[Node], parent: str | None = None) -> Iterator[Node]:
    for document in documents:
        end = None if document.get("in_progress") else document.get("end_time")
        yield document | {"parent_id": document.get("parent_id") or parent, "end_time": end}
        yield from _flat(document.get("subsegments", ()), document["id"])


def _rows(nodes: dict[str, Node]) -> Iterator[Node]:
    """Each node below its parent; one whose parent is not there stands at the top."""
    children: defaultdict[str | None, list[Node]] = defaultdict(list)
    for node in sorted(nodes.values(), key=lambda node: node["start_time"]):
        children[node["parent_id"] if node["parent_id"] in nodes else None].append(node)

    def below(parent: str | None, depth: int, inside: str | None) -> Iterator[Node]:
        for node in children[parent]:
            name, hop = _named(node, inside)
            yield {"id": node["id"], "parent_id": parent, "name": name, "hop": hop, "depth": depth} | _told(node)
            yield from below(node["id"], depth + 1, hop or inside)

    return below(None, 0, None)


def _told(node: Node) -> Node:
    start, end, said = node["start_time"], node["end_time"], node.get("annotations", {})
    receives = str(said.get("receive_count"))
    return {
        "start": start,
        "end": end,
        "duration_ms": round(1000 * (end - start)) if end else None,
        "fault": bool(node.get("fault")),
        "error": bool(node.get("error") or node.get("throttle")),
        "outcome": said.get("outcome"),
        "receive_count": int(receives) if receives.isdecimal() else None,
    }


def _named(node: Node, inside: str | None) -> tuple[str, str | None]:
    """What a person calls it, and the hop that it is. ``inside`` is the hop around it."""
    name, origin, call = str(node["name"]), node.get("origin"), node.get("aws") or {}
    if origin == "AWS::ApiGateway::Stage":
        return name, "API"
    if origin == "AWS::Lambda::Function" and (found := _FUNCTION.search(name)):
        name = found[1].lower()
    if node.get("namespace") != "aws":
        return name.removeprefix("## "), name if name in HOPS else None
    operation = str(call.get("operation", ""))
    to = _RESOURCE.search(str(call.get("queue_url") or call.get("table_name") or " ".join(call.get("table_names", ()))))
    resource = to[1] if to else ""
    stored = inside == "worker" and resource == "EventStore" and operation.startswith(_WRITES)
    words = (_SERVICES.get(name, name), operation, resource)
    return " ".join(filter(None, words)), "EventStore" if stored else None
