"""One drill for each failure mode. The mode itself, with its alarms, stands in observability/failure_catalogue.py.

Every fault hits our functions as AWS would: what a call or an invocation gets is decided in front of the engine.
"""

from typing import Any

from lastwish.drills import stranger
from lastwish.drills.drill import Drill, Load, Symptom
from lastwish.drills.symptoms import answered, counted, logged, receipt, waits, wall_stands_still
from lastwish.errors import UsageError, did_you_mean
from lastwish.local.faults import Fault
from observability.failures import CATALOGUE
from observability.metrics import custom, function

_MODES = {mode.name: mode for mode in CATALOGUE}
# Milliseconds: a backlog must be 25 s old in the short form.
_SLOW = 20_000


def _drill(name: str, alarm: str | None, *symptoms: Symptom, fault: Fault | None = None, **what: Any) -> Drill:
    return Drill(_MODES[name], symptoms, alarm, faults=(fault,) if fault else (), **what)


def _errors(service: str) -> Symptom:
    return counted(function("Errors", f"{service.capitalize()}Function"), 3)


def _of_worker(kind: Any, operation: str = "*", resource: str = "", **what: Any) -> Fault:
    return Fault(kind, "worker", "dynamodb", operation, resource, **what)


DRILLS = (
    # Not all: whoever asks for health must not give the API up.
    _drill("business-failure", "frontend-crashes", answered(503), _errors("frontend"),
           fault=Fault("crash", "frontend", rate=0.7)),
    _drill("pages-slow", "slo-page-latency-page", counted(custom("SlowPage", "frontend"), 10),
           fault=Fault("slow", "frontend", delay_ms=1500), load=Load("pages", rate=2), about="people open the form"),
    _drill("latency-between-services", "pods-backlog", waits("Pods", 10),
           fault=Fault("slow", "worker", delay_ms=_SLOW)),
    _drill("html-injection", "injection", counted(custom("Sanitised", "frontend"), 10), logged("wish submitted"),
           load=Load("hostile", wishes=40, rate=20), about="every wish is markup"),
    _drill("venue-wifi", None, answered(0), counted(custom("Duplicates", "worker"), 3),
           logged("wish was recorded before"), load=Load("hasty", rate=6), about="phones do not wait for answers",
           why_no_alarm="what does not arrive cannot be counted; a repetition is no harm"),
    _drill("duplicate-storm", "duplicate-storm", counted(custom("Duplicates", "worker"), 50),
           logged("wish was recorded before"), load=Load(wishes=20, rate=25, copies=12, pause=3),
           about="each wish is sent 12 times"),
    _drill("poison-message", "dead-letters-inbox", counted(custom("DeadLettered", "parser")), logged("record buried"),
           waits("InboxDlq", 1), act=stranger.send, about="a message that is not ours comes to Inbox"),
    _drill("worker-crash-loop", "worker-crashes", _errors("worker"), waits("Pods"), fault=Fault("crash", "worker")),
    _drill("store-throttles", "store-throttles", counted(custom("StoreThrottled", "worker"), 3),
           logged("ThrottlingException"), fault=_of_worker("refuse", "PutItem", "EventStore", error="throttle")),
    _drill("sold-out", "sold-out", receipt("waitlisted"), logged("waitlisted"),
           fault=_of_worker("refuse", "UpdateItem", "Seats", error="sold_out")),
    _drill("projector-stuck", "projector-stuck", _errors("projector"), wall_stands_still(),
           fault=Fault("crash", "projector")),
    _drill("parser-crash-loop", "parser-crashes", _errors("parser"), waits("Inbox"), fault=Fault("crash", "parser")),
    _drill("expired-credentials", "credentials-refused-worker", counted(custom("CredentialsRefused", "worker")),
           logged("AccessDenied"), waits("Pods"), fault=_of_worker("refuse", error="access_denied")),
    # Two deliveries of a wish, each with a seat leased before the other is stored.
    _drill("hot-destination", "hot-destination", counted(custom("SeatsLeaked", "worker"), 10),
           fault=_of_worker("delay", "UpdateItem", "Seats", delay_ms=800), load=Load(wishes=8, rate=40, copies=4),
           about="each wish is sent four times at once"),
    _drill("functions-throttled", "worker-throttled", counted(function("Throttles", "WorkerFunction"), 3),
           waits("Pods"), fault=Fault("throttle_function", "worker")),
    _drill("slow-parser", "inbox-backlog", waits("Inbox", 10), fault=Fault("slow", "parser", delay_ms=_SLOW)),
    _drill("sqs-refuses", "inbox-refuses", answered(503), counted(custom("QueueRefused", "frontend"), 3),
           logged("QueueUnavailable"), fault=Fault("refuse", "frontend", "sqs", "SendMessage", error="unavailable")),
    _drill("store-refuses", "store-refuses", counted(custom("StoreRefused", "worker"), 3), logged("StoreUnavailable"),
           waits("Pods"), fault=_of_worker("refuse", error="unavailable")),
    _drill("clock-skew", "clock-skew", counted(custom("ClockSkew", "worker")), logged("wish recorded"),
           fault=Fault("skew_clock", "frontend", delay_ms=60_000)),
)  # fmt: skip


def find(name: str) -> Drill:
    """Return the drill of this name. Raises UsageError."""
    for drill in DRILLS:
        if drill.name == name:
            return drill
    names = [drill.name for drill in DRILLS]
    raise UsageError(f"there is no drill {name!r}{did_you_mean(name, names)}: take one of {', '.join(names)}")
