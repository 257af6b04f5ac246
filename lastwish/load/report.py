"""A finished run (`run.Run`) as facts for `--json`, and what follows from them: the verdict, the exit code, the CSV.

facts(run) -> dict      what --json prints, but for "report": the caller knows the path
verdict(run)            whether all is well, and that in words
write_csv(run, path)    every wish, a line each; no text of a wish
exit_code(run) -> int   0: all is stored and every wish was answered as its kind should be; 130: Ctrl-C or Stop; else 1
"""

import csv
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

from lastwish.load import figures
from lastwish.load.run import Result, Run
from lastwish.load.words import count

ENDS = ("boarded", "waitlisted", "rejected")
OLDER = "the same seed was sent to this stack before; `lastwish reset`, or another --seed, makes them new"


def facts(run: Run) -> dict[str, Any]:
    """As a JSON object. Numbers are wishes unless they say otherwise; null where it was not measured."""
    counts = figures.counts(run.results)
    followed = Counter(each.end for each in run.followed.values())
    ended, ended_of = followed, "this load" if len(run.followed) == counts.accepted else "those followed"
    if run.totals is not None and ended_of != "this load":
        ended, ended_of = Counter(run.totals), "the whole stack"
    answered = figures.answered(run.results)
    return {
        "shape": run.options.shape,
        "wishes": run.options.wishes,
        "over_s": run.options.over,
        "seed": run.options.seed,
        "digest": run.digest,
        "target": run.target,
        "interrupted": run.interrupted,
        "failures": list(run.failures),
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
        "followed": len(run.followed),
        "unfinished": followed["unfinished"],
        "older": sum(each.is_older for each in run.followed.values()),
        "rate": figures.rate(run.results),
        "busiest": {
            "answered": figures.busiest(result.done for result in answered),
            "planned": figures.busiest(run.options.times()),
        },
        "http_ms": figures.percentiles(map(figures.latency_ms, answered)),
        "first_ms": figures.percentiles(map(figures.first_try_ms, answered)),
        "p99_by_tenth_ms": figures.tenths(run.results, run.options.over),
        "boarded_ms": figures.percentiles(boarded_ms(run)),
        "late_ms": figures.percentiles(map(figures.late_ms, run.results)),
        "deepest": deepest(run),
        "cpu": figures.shares(run.cpu) or None,
        "cpu_s": dict(run.cpu) or None,
        "audit_ok": None if run.audit is None else bool(run.audit.get("ok")),
        "audit": run.audit,
    }


def boarded_ms(run: Run) -> list[float]:
    """From the intended send to its seat, of every followed wish that has boarded."""
    return [each.ms for each in run.followed.values() if each.ms is not None and each.end == "boarded"]


def deepest(run: Run) -> dict[str, int]:
    """The most messages that were seen in each queue."""
    most: dict[str, int] = {}
    for sample in run.samples:
        for queue, depth in sample.depth.items():
            most[queue] = max(depth, most.get(queue, 0))
    return most


def exit_code(run: Run) -> int:
    """Of the command. A share that was meant to be refused and was is well; a sender that died is not."""
    if run.interrupted:
        return 130
    counts = figures.counts(run.results)
    well, _, _ = verdict(run)
    return 0 if well and not run.failures and not counts.given_up and not counts.unexpected else 1


def verdict(run: Run) -> tuple[bool | None, str, str]:
    """Whether all is well (None: nobody knows), that in one sentence, and the numbers behind it."""
    audit = run.audit
    if audit is None:
        return None, "Not audited", "Nobody compared what was promised with what is stored"
    elsewhere = {"in_flight": "in flight", "dead_lettered": "in a dead-letter queue", "parked": "parked"}
    where = "in the whole stack" if run.local else "since the load began"
    numbers = f"{where} {audit['accepted']:,} promised, {audit['stored']:,} stored"
    numbers += "".join(f", {audit[name]:,} {words}" for name, words in elsewhere.items() if audit.get(name))
    found = len(audit["differences"])
    if not audit["ok"]:
        return False, f"The audit found {count(found, 'difference')}", numbers
    if audit["in_flight"]:  # or lost: as many messages are on their way, and nobody knows whose
        return None, f"{count(audit['in_flight'], 'wish', 'es')} not found yet", numbers
    waiting = audit["dead_lettered"] + audit.get("parked", 0)
    if waiting:
        return True, f"Nothing was lost, {count(waiting, 'wish', 'es')} set aside", numbers
    return True, "Nothing was lost", numbers


def write_csv(run: Run, path: Path) -> None:
    """Every result, in the order of sending, with the fields of Result. Raises OSError."""
    names = [each.name for each in fields(Result)]
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(names)
        for result in sorted(run.results, key=lambda each: each.n):
            values = {name: getattr(result, name) for name in names}
            rows.writerow({**values, "again_for": " ".join(result.again_for)}.values())
