"""Write docs/scale.md's figures and pictures anew: `python -m bench.scale`."""

import subprocess
import sys
from pathlib import Path

from bench import BenchFailed
from lastwish.local.state import ROOT

PAGE, PICTURES = ROOT / "docs" / "scale.md", ROOT / "docs" / "images"
COMMAND = ("lastwish", "simulate")
_BEGIN, _END = f"```\n$ {' '.join(COMMAND)}\n", "```\n"


def with_figures(page: str, figures: str) -> str:
    """Return the page with these figures, where it shows what the command prints. Raises ValueError without a place."""
    start = page.index(_BEGIN) + len(_BEGIN)
    return page[:start] + figures + page[page.index(_END, start) :]


if __name__ == "__main__":
    program = Path(sys.executable).with_name(COMMAND[0])
    done = subprocess.run([program, *COMMAND[1:], "--plots", PICTURES], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchFailed(f"the simulation failed: {done.stderr}")
    PAGE.write_text(with_figures(PAGE.read_text(), done.stdout))
