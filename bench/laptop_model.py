"""Hold the model of lastwish/scale against a load of this laptop: `python -m bench.laptop_model LOAD.json`.

LOAD.json is what `lastwish load … --json` printed. One number of it goes into the model, the rate at which wishes were
answered: it says how much processor time a call of the local engine took meanwhile. Everything else is compared.
"""

import json
import sys
from pathlib import Path
from typing import Any

from lastwish.load.shapes import send_times
from lastwish.scale.deployed import deployed
from lastwish.scale.model import Model, Run, percentile
from lastwish.scale.parameters import Parameters

# The proxy lets eight requests in at once (lastwish/local/proxy/concurrency.py), the template two batches of a queue.
FRONTENDS, CONSUMERS, SHARDS = 8, 2, 1
_WINDOW = 0.1
# Calls of the engine for a wish, in full batches: requests, invocations, and the functions' own calls.
_CALLS = {"frontend_cpu": 3.0, "parser_cpu": 0.4, "worker_cpu": 1.4, "projector_cpu": 0.3}
_NO_TIME = ("item_call", "transaction", "queue_call", "polling", "cold_start")  # all of it is processor time here
_NO_BOUND = ("stage_rate", "account_rate", "requests_per_environment", "partition_writes", "warm_reads")


def laptop(call: float) -> Parameters:
    """Return the parameters of two processors, where a call of the engine takes so many seconds of one."""
    p = deployed()
    return p.replace(
        cores=2,
        concurrency=FRONTENDS + 2 * CONSUMERS + SHARDS,
        consumers=CONSUMERS,
        pollers=CONSUMERS,
        warm_writes=1e6,
        **dict.fromkeys(_NO_BOUND, 1e6),
        **dict.fromkeys(_NO_TIME, 1e-6),
        **{name: getattr(p, name) + calls * call for name, calls in _CALLS.items()},
    )


def simulate(load: dict[str, Any], call: float) -> Run:
    """Run the load's own plan through the model."""
    times = send_times(load["shape"], load["wishes"], load["over_s"], load["seed"])
    return Model(laptop(call), times, load["wishes"], _WINDOW).simulate()


def figures(run: Run) -> dict[str, float | None]:
    """Return what both have: the rate until 99 of 100 are answered, and the percentiles in seconds."""
    times = {"answered": run.answered, "boarded": run.seat}
    found = {f"{name} p{n}": percentile(of, n / 100) for name, of in times.items() for n in (50, 95, 99)}
    promised = next(end for end, _, promised, *_ in run.series if promised >= 0.99 * run.wishes)
    return {"rate": 0.99 * run.wishes / promised, **found}


def compared(load: dict[str, Any]) -> list[tuple[str, float, float, float]]:
    """Return name, measured, modelled and the deviation of each figure."""
    measured = {"rate": load["rate"]}
    for name, key in (("answered", "http_ms"), ("boarded", "boarded_ms")):
        measured |= {f"{name} {share}": value / 1000 for share, value in load[key].items() if value is not None}
    low, high = 0.0, 0.02
    for _ in range(10):
        call = (low + high) / 2
        modelled = figures(simulate(load, call))
        low, high = (call, high) if (modelled["rate"] or 0) > load["rate"] else (low, call)
    return [(name, value, modelled[name] or 0, (modelled[name] or 0) / value - 1) for name, value in measured.items()]


if __name__ == "__main__":
    print(f"{'':<14}{'measured':>10}{'model':>10}{'deviation':>11}")
    for name, measured, modelled, deviation in compared(json.loads(Path(sys.argv[1]).read_text())):
        print(f"{name:<14}{measured:>10.1f}{modelled:>10.1f}{deviation:>+11.0%}")
