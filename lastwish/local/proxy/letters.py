"""Dead letters for operators on this machine: what `lastwish dlq … --json` says, which a page may not run itself."""

import asyncio
import json
from typing import Any

from lastwish.local.environment import LASTWISH, of_a_command
from lastwish.local.state import Home
from web import problems

REASON = "parked in mission control"  # no word of a person is on the command line


async def run(home: Home, action: str, *letter_ids: str) -> dict[str, Any]:
    """List, redrive or park: these letters, or all that may succeed, or all that cannot. Raises Problem 409, 503."""
    reason = ["--reason", REASON] if action == "park" else []
    process = await asyncio.create_subprocess_exec(
        LASTWISH,
        *("dlq", action, *letter_ids, *reason, "--json"),
        env=of_a_command(home),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said, _ = await process.communicate()
    try:
        answer: dict[str, Any] = json.loads(said)
    except ValueError:
        raise problems.read_unavailable() from None
    if "error" in answer:
        raise problems.conflict(answer["error"])
    return answer
