"""Try every change that mutmut makes in the functions of src/domain: tests/unit/domain must catch it.

mutmut (https://mutmut.readthedocs.io, configured in pyproject.toml) changes operators, constants, texts and arguments
inside functions, one at a time: not the patterns and bounds that stand outside of them. It works in a copy of this
repository. `python -m tests.mutants.domain` ends with 1 where a mutant survives that is not in equivalent.py.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.trial import Copy
from tests.support import ROOT

TOOL = ROOT / ".venv" / "mutmut" / "lib" / "python3.13" / "site-packages"
_RESULT = re.compile(r"^ *(\S+__mutmut_\d+): (.+)$", re.MULTILINE)

type Change = tuple[str, str]


def main() -> None:
    """Try all mutants and print the score."""
    console = Console(width=160)
    if not TOOL.exists():
        sys.exit("mutmut is not installed: make .venv/.mutmut")
    with TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder) / "copy"
        Copy(ROOT, copy)
        jobs = str(os.cpu_count() or 1)
        done = _mutmut(copy, "run", "--max-children", jobs)
        results = dict(_RESULT.findall(_mutmut(copy, "results", "--all", "true").stdout))
        if done.returncode or not results:
            sys.exit(f"mutmut did not finish:\n{done.stdout[-2000:]}{done.stderr}")
        alive = {name: outcome for name, outcome in results.items() if outcome != "killed"}
        changes = {name: change_of(_mutmut(copy, "show", name).stdout) for name in alive}
    listed = {(each.before, after) for each in EQUIVALENT for after in each.after}
    missed = {name: change for name, change in changes.items() if change not in listed or alive[name] != "survived"}
    for name, change in missed.items():
        _print(console, f"{alive[name]}: {name}", change)
    stale = listed - set(changes.values())
    for change in stale:
        _print(console, "does not survive, so equivalent.py need not list it:", change)
    killed, same = len(results) - len(alive), len(alive) - len(missed)
    score = killed / (len(results) - same)
    console.print(
        f"src/domain: {killed} of {len(results)} mutants were killed, {same} change nothing that can be seen."
    )
    console.print(f"Score: {score:.1%} of those that can be caught; {len(missed)} survived")
    sys.exit(bool(missed or stale))


def _print(console: Console, why: str, change: Change) -> None:
    before, after = change
    console.print(f"{why}\n  - {before}\n  + {after}", markup=False)


def change_of(diff: str) -> Change:
    """Return the lines that a diff of one mutant takes out and puts in."""
    lines = [line for line in diff.splitlines() if not line.startswith(("+++", "---"))]
    before, after = (" ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    return before, after


def _mutmut(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    # In front of .venv: mutmut runs the tests in its own process, and needs both.
    path = os.pathsep.join([str(TOOL), str(folder)])
    command = [sys.executable, "-m", "mutmut", *arguments]
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    main()
