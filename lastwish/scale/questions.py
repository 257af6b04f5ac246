"""The questions: what happens to so many wishes in so many seconds, as deployed, raised, and with another design."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from lastwish.observe import bill
from lastwish.observe.usage import Function, Usage
from lastwish.scale.chain import chain, frontend_seconds
from lastwish.scale.model import Model, Run, percentile
from lastwish.scale.parameters import Parameters

QUESTIONS = ((65_000, 10.0), (1_000_000, 60.0), (65_000_000, 3600.0))
_COHORTS, _IN_A_WINDOW, _WINDOWS, _FINEST = 1500, 5, 3000, 0.02  # the grain, which docs/scale.md explains
_HEADROOM = 1.1
_KNOBS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("knobs.toml").read_text())
_TABLE, _START = "DynamoDB's quota of a table", "the pollers at the start"


@dataclass(frozen=True, slots=True)
class Answer:
    """How one variant of the chain fares. ``steps``: what was raised for it. ``figures``: as JSON has them."""

    variant: str
    parameters: Parameters
    run: Run
    steps: list[dict[str, Any]]
    figures: dict[str, Any]


def answers(p: Parameters, wishes: int, over: float, seed: int = 1) -> Iterator[Answer]:
    """Answer for the parameters as they are, with all settings raised, and with another design."""
    settings, raised = raise_all(p, _HEADROOM * wishes / over, design=False)
    design, redesigned = raise_all(settings, _HEADROOM * wishes / over, design=True)
    for variant, each, steps in (("as it is", p, []), ("raised", settings, raised), ("redesigned", design, redesigned)):
        model = model_of(each, wishes, over, seed)
        run = model.simulate()
        yield Answer(variant, each, run, steps, _figures(model, over))


def model_of(p: Parameters, wishes: int, over: float, seed: int = 1) -> Model:
    """Return the model of an even crowd, in a grain that suits how long it will take."""
    window = max(_FINEST, max(over, wishes / min(bounds(p).values())) / _WINDOWS)
    cohorts = min(wishes, max(_COHORTS, int(_IN_A_WINDOW * over / window)))
    return Model(p, [over * (n + 0.5) / cohorts for n in range(cohorts)], wishes, window, seed)


def bounds(p: Parameters) -> dict[str, float]:
    """Return the wishes a second that each bound lets through for ever, the lowest first: full batches, all pollers."""
    full = chain(p.replace(pollers=p.consumers), print, print)
    full.frontends.rate = p.concurrency - full.taken(p)
    found: dict[str, float] = {}
    for name, rate in full.bounds():
        found[name] = min(rate, found.get(name, rate))
    return dict(sorted(found.items(), key=lambda bound: bound[1]))


def raise_all(p: Parameters, rate: float, *, design: bool) -> tuple[Parameters, list[dict[str, Any]]]:
    """Raise what lets through less than this rate; without ``design`` settings only. Return also what was raised."""
    knobs = {name: knob for name, knob in _KNOBS.items() if design or "design" not in knob}
    turned: dict[str, dict[str, Any]] = {}
    while low := _too_low(p, rate, knobs):  # one raise may lower another bound: consumers take from the frontend
        parameter = knobs[low]["parameter"]
        p, turned[parameter] = p.replace(**{parameter: _higher(p, rate, low, knobs[low])}), knobs[low]
    return p, [{"raise": knob["name"], "to": getattr(p, it), "costs": knob["costs"]} for it, knob in turned.items()]


def _too_low(p: Parameters, rate: float, knobs: Mapping[str, Any]) -> str | None:
    if p.warm_writes > p.table_writes:
        return _TABLE
    low = [name for name, most in bounds(p).items() if most < rate and name in knobs]
    return low[0] if low else _START if _START in knobs and p.pollers < p.consumers else None


def _higher(p: Parameters, rate: float, name: str, knob: Mapping[str, Any]) -> float:
    now, most, step = getattr(p, knob["parameter"]), bounds(p).get(name, 0), knob.get("step", 100)
    needed = {_TABLE: p.warm_writes, _START: p.consumers}.get(name) or now * rate / most
    if name == "Lambda's concurrency":  # of which the frontend has what the others leave
        needed = now + (rate - most) * frontend_seconds(p)
    return float(step * ceil(round(needed / step, 6)))


def _figures(model: Model, over: float) -> dict[str, Any]:
    run, every = model.run, model.chain.buckets
    binding = sorted((each for each in every if each.held >= 1), key=lambda each: -each.held)
    lowest = next(iter(bounds(model.p).items()))
    return {
        "wishes": run.wishes,
        "over_s": over,
        "lowest_bound": {"name": lowest[0], "wishes_per_second": round(lowest[1])},
        "held_most": [{"name": each.name, "since_s": each.since, "wish_seconds": round(each.held)} for each in binding],
        "refused_first": run.refused_first,
        "retries": run.tries - run.promised,
        "promised": run.promised,
        "stored": run.stored,
        "dead": run.dead,
        "all_promised_s": run.last_promised if run.promised == run.wishes else None,
        "all_stored_s": run.last_stored if run.stored + run.dead == run.wishes else None,
        "all_on_the_wall_s": run.last_shown if run.is_over else None,
        "oldest_s": run.oldest,
        "seat_p50_s": percentile(run.seat, 0.50),
        "seat_p99_s": percentile(run.seat, 0.99),
        "wall_p99_s": percentile(run.wall, 0.99),
        "dollars": _dollars(model),
    }


def _dollars(model: Model) -> float:
    """Return what `lastwish cost` would say of it: the wishes alone, without pages, traces and logs."""
    run, p = model.run, model.p
    runs = [("frontend", run.promised, run.promised * frontend_seconds(p))]
    names = ("parser", "worker", "projector")
    runs += [(name, line.batches, line.busy) for name, line in zip(names, model.chain.lines, strict=True)]
    used: dict[str, float | None] = {f"{name.capitalize()}Function Invocations": count for name, count, _ in runs}
    used |= {"accepted": run.promised, "requests": run.promised, "recorded": run.stored, "projected": run.shown}
    functions = [Function(name, count, busy, int(p.memory_mb), "arm64") for name, count, busy in runs if count]
    return bill.of(Usage(used, functions, 0, behind_cdn=False)).dollars
