"""Useful facts of a log line as text for a terminal."""

import json

from mission.log_lines import Line

# The same in every line of a function, or in X-Ray: of no use when looking for a fault.
_NOT_SHOWN = {
    "location", "cold_start", "function_name", "function_memory_size", "function_arn", "function_request_id",
    "xray_trace_id", "sampling_rate", "stack",
}  # fmt: skip


def words(line: Line) -> str:
    """Return the facts in the order in which they were logged, and of a stack the line that raised.

    JSON makes control characters harmless.
    """
    facts = [(name, fact) for name, fact in line.facts.items() if name not in _NOT_SHOWN and fact is not None]
    stack = line.facts.get("stack")
    if isinstance(stack, list) and stack:
        facts.append(("raised_at", stack[-1]))
    return " ".join(f"{name}={fact if _is_plain(fact) else json.dumps(fact)}" for name, fact in facts)


def _is_plain(fact: object) -> bool:
    return isinstance(fact, str) and fact.isprintable() and " " not in fact
