"""A finished load as facts for `--json`, and what follows from them: the verdict, the exit code, the CSV."""

import csv
from collections import Counter
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from lastwish.load import statistics
from lastwish.load.formatting import plural
from lastwish.load.results import FinishedLoad, WishResult

ENDS = ("boarded", "waitlisted", "rejected")
OLDER = "the same seed was sent to this stack before; `lastwish reset`, or another --seed, makes them new"


def facts(load: FinishedLoad) -> dict[str, Any]:
    """Return the load as a JSON object. Numbers count wishes unless they say otherwise; null where not measured."""
    counts = statistics.count_results(load.results)
    outcomes = Counter(outcome.end for outcome in load.outcomes.values())
    ended, ended_of = outcomes, "this load" if len(load.outcomes) == counts.accepted else "those followed"
    if load.totals is not None and ended_of != "this load":
        ended, ended_of = Counter(load.totals), "the whole stack"
    return {
        "shape": load.options.shape,
        "wishes": load.options.wishes,
        "over_s": load.options.over,
        "seed": load.options.seed,
        "digest": load.digest,
        "target": load.target,
        "interrupted": load.interrupted,
        "failures": list(load.failures),
        "sent": counts.sent,
        "accepted": counts.accepted,
        "duplicates": counts.again,
        "refused": {str(status): count for status, count in counts.refused.items()},
        "unexpected": dict(counts.unexpected),
        "retried": counts.retried,
        "tries": counts.tries,
        "given_up": counts.given_up,
        **{end: ended[end] for end in ENDS},
        "ended_of": ended_of,
        "followed": len(load.outcomes),
        "unfinished": outcomes["unfinished"],
        "older": sum(outcome.is_older for outcome in load.outcomes.values()),
        **_measurements(load),
        "audit_ok": None if load.audit is None else bool(load.audit.get("ok")),
        "audit": load.audit,
    }


def _measurements(load: FinishedLoad) -> dict[str, Any]:
    answered = statistics.answered(load.results)
    return {
        "rate": statistics.answer_rate(load.results),
        "busiest": {
            "answered": statistics.peak_rate(result.done for result in answered),
            "planned": statistics.peak_rate(load.options.times()),
        },
        "http_ms": statistics.percentiles(map(statistics.latency_ms, answered)),
        "first_ms": statistics.percentiles(map(statistics.first_try_ms, answered)),
        "p99_by_tenth_ms": statistics.p99_by_tenth(load.results, load.options.over),
        "boarded_ms": statistics.percentiles(boarded_ms(load)),
        "late_ms": statistics.percentiles(map(statistics.late_ms, load.results)),
        "deepest": max_depth(load),
        "cpu": statistics.shares(load.cpu) or None,
        "cpu_s": dict(load.cpu) or None,
    }


def boarded_ms(load: FinishedLoad) -> list[float]:
    """Return the time from the intended send to its seat, of every followed wish that has boarded."""
    return [outcome.ms for outcome in load.outcomes.values() if outcome.ms is not None and outcome.end == "boarded"]


def max_depth(load: FinishedLoad) -> dict[str, int]:
    """Return the largest sampled number of messages in each queue."""
    most: dict[str, int] = {}
    for sample in load.samples:
        for queue, depth in sample.depth.items():
            most[queue] = max(depth, most.get(queue, 0))
    return most


def exit_code(load: FinishedLoad) -> int:
    """Return the command's exit code.

    0: all is stored and every wish was answered as its kind should be; 130: Ctrl-C or Stop; else 1.
    """
    if load.interrupted:
        return 130
    counts = statistics.count_results(load.results)
    is_well, _, _ = verdict(load)
    return 0 if is_well and not load.failures and not counts.given_up and not counts.unexpected else 1


def verdict(load: FinishedLoad) -> tuple[bool | None, str, str]:
    """Return whether all is well (None: not known), that in one sentence, and the numbers behind it."""
    audit = load.audit
    if audit is None:
        return None, "Not audited", "promised and stored wishes were not compared"
    elsewhere = {"in_flight": "in flight", "dead_lettered": "in a dead-letter queue", "parked": "parked"}
    where = "in the whole stack" if load.local else "since the load began"
    numbers = f"{where} {audit['accepted']:,} promised, {audit['stored']:,} stored"
    numbers += "".join(f", {audit[name]:,} {words}" for name, words in elsewhere.items() if audit.get(name))
    if {each["kind"] for each in audit["differences"]} == {"in-flight"}:
        return None, f"{plural(audit['in_flight'], 'wish', 'es')} not found yet", numbers
    if not audit["ok"]:
        return False, f"The audit found {plural(len(audit['differences']), 'difference')}", numbers
    if set_aside := audit["dead_lettered"] + audit.get("parked", 0):
        return True, f"Nothing was lost, {plural(set_aside, 'wish', 'es')} set aside", numbers
    return True, "Nothing was lost", numbers


def write_csv(load: FinishedLoad, path: Path) -> None:
    """Write every result as a line, in the order of sending, without the wish's text. Raises OSError."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, [column.name for column in fields(WishResult)])
        rows.writeheader()
        for result in sorted(load.results, key=lambda result: result.n):
            rows.writerow({**asdict(result), "again_for": " ".join(result.again_for)})
