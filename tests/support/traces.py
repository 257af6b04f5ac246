"""One wish's trace as X-Ray documents."""

from typing import Any

from mission.waterfall import waterfall

TRACE = "1-5e645f3e-1dfad076a177c5ccc5de12f5"


START = 1_583_636_286.0  # what the trace id says


WISH = "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c01"


CHAIN = ["API", "frontend", "Inbox", "parser", "Pods", "worker", "EventStore", "projector"]


type Document = dict[str, Any]


def segment(number: int, name: str, parent: int | None, begin: float, end: float | None, **more: Any) -> Document:
    """A document; times are seconds since the trace began, ``end`` None for what has not ended."""
    times = {"in_progress": True} if end is None else {"end_time": START + end}
    above = {} if parent is None else {"parent_id": f"{parent:016x}"}
    return {
        "id": f"{number:016x}",
        "trace_id": TRACE,
        "name": name,
        "start_time": START + begin,
        **above,
        **times,
        **more,
    }


def call(number: int, service: str, parent: int, begin: float, end: float, **aws: Any) -> Document:
    return segment(number, service, parent, begin, end, namespace="aws", type="subsegment", aws=aws)


def a_wish() -> list[Document]:
    """One wish's trace as the laptop has it."""
    ids = {"wish_id": WISH, "correlation_id": "request-1"}
    queue = {"origin": "AWS::SQS::Queue", "annotations": {"wish_id": WISH, "receive_count": "1"}}
    inbox = "http://127.0.0.1:4566/000000000000/lastwish-local-Inbox-QH3A8Z"
    store = {"operation": "PutItem", "table_name": "lastwish-local-EventStore-A84F"}
    handled = [call(4, "sqs", 3, 0.03, 0.05, operation="SendMessage", queue_url=inbox)]
    put = [call(9, "dynamodb", 8, 0.9, 0.95, **store)]
    return [
        segment(1, "lastwish-local/local", None, 0, 0.1, origin="AWS::ApiGateway::Stage"),
        segment(2, "lastwish-local-FrontendFunction-A84F", 1, 0.01, 0.09, origin="AWS::Lambda::Function"),
        segment(3, "## handler", 2, 0.02, 0.08, type="subsegment", annotations=ids, subsegments=handled),
        segment(5, "Inbox", 4, 0.05, 0.3, **queue),
        segment(6, "parser", 5, 0.3, 0.4, annotations={**ids, "outcome": "accepted"}),
        segment(7, "Pods", 6, 0.5, 0.8, **queue),
        segment(8, "worker", 7, 0.8, 1.0, annotations={**ids, "outcome": "boarded"}, subsegments=put),
        segment(10, "projector", 8, 2.0, 2.25, annotations={"wish_id": WISH, "outcome": "projected"}),
    ]


def refused_by(error: str, *stack: str) -> Document:
    """A fault with its cause, as the functions record it: the text of the error is there, and must not be shown."""
    places = [frame.replace(" in ", ":").split(":") for frame in stack]
    frames = [{"path": path, "line": int(line), "label": label} for path, line, label in places]
    exception = {"id": "8a5d8f2f5d0f3d6b", "message": "what was typed", "type": error, "stack": frames}
    return {"fault": True, "cause": {"working_directory": "", "exceptions": [exception]}}


def drawn(documents: list[Document]) -> dict[str, Any]:
    found = waterfall(TRACE, documents)
    assert found
    return found
