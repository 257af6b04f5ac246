"""Run histories: ``--seeds A:B`` of these seeds, ``--seed N`` one with its trace, neither: random ones until Ctrl-C.

Exit code 1 at the first violation, with the seed that replays it.
"""

import argparse
import os
import sys
from pathlib import Path

# Sets of texts have the same order in every process only with a fixed seed for their hashes.
if os.environ.get("PYTHONHASHSEED") != "0":
    os.execve(
        sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]], {**os.environ, "PYTHONHASHSEED": "0"}
    )

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))

from tests.simulation import quiet, sabotage


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this history alone, and print its trace")
    parser.add_argument("--seeds", help="run these histories, from A to B - 1: A:B")
    parser.add_argument("--calls", type=int, help="run random histories until so many AWS calls were made")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--without", default="", help="faults to leave out, separated by commas")
    parser.add_argument("--ignore", action="append", default=[], help="part of violations that do not count")
    parser.add_argument("--keep-going", action="store_true", help="do not stop at the first violation")
    parser.add_argument("--sabotage", choices=sabotage.SABOTAGES, help="break the code in this way first")
    options = parser.parse_args()
    if options.sabotage:
        sabotage.install(options.sabotage)
    quiet.silence()
    from tests.simulation import soak  # imports what may be broken now

    what = soak.Options(frozenset(filter(None, options.without.split(","))), tuple(options.ignore))
    if options.seed is not None:
        return soak.replay(options.seed, what)
    return soak.soak(options.seeds, options.calls, options.jobs, what, keep_going=options.keep_going)


if __name__ == "__main__":
    sys.exit(main())
