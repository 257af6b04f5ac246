"""Last Wish as buckets and lines: which bound takes how much of a wish. model.py runs it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf

from lastwish.scale.line import Bucket, Line, Parcel, Use
from lastwish.scale.parameters import Parameters

type Take = Callable[[Parcel], None]


@dataclass(slots=True)
class Chain:
    """The door, the lines behind it in their order, and the buckets that change while it runs."""

    door: list[Use]
    lines: tuple[Line, Line, Line]
    frontends: Bucket
    scaling: Bucket
    processors: Bucket
    tables: tuple[Bucket, Bucket]

    @property
    def buckets(self) -> list[Bucket]:
        """Return each bucket once, in the order in which a wish meets them."""
        uses = [*self.door, *(use for line in self.lines for use in line.uses)]
        return list({id(bucket): bucket for bucket in (*(use.bucket for use in uses), self.scaling)}.values())

    def taken(self, p: Parameters) -> float:
        """Return the environments that the frontend cannot have."""
        return sum(min(line.uses[0].bucket.rate, p.fair_share) for line in self.lines)

    def bounds(self) -> Iterator[tuple[str, float]]:
        """Yield each bound with the wishes a second that it lets through, in full batches."""
        every = [(1, use) for use in self.door] + [(line.batch, use) for line in self.lines for use in line.uses]
        for batch, use in every:
            if (units := use.units(batch)) and use.bucket.rate < inf:
                yield use.bucket.name, use.bucket.rate / units


def chain(p: Parameters, stored: Take, shown: Take) -> Chain:
    """Return this chain, empty and cold. What left worker and projector: ``stored``, ``shown``."""
    cpu = Bucket("processors", p.cores or inf, p.cores or inf)
    store = Bucket("EventStore's writes", min(p.warm_writes, p.table_writes), p.warm_writes)
    model = Bucket("ReadModel's writes", min(p.warm_writes, p.table_writes), p.warm_writes)
    frontends, scaling = Bucket("Lambda's concurrency", 0), Bucket("Lambda's scaling", p.scaling / 10, p.scaling)
    projector = _projector(p, cpu, model, shown)

    def to_stream(parcel: Parcel) -> None:
        stored(parcel)
        projector.put(parcel._replace(at=parcel.at + p.stream_delay))

    worker = _worker(p, cpu, store, to_stream)
    parser = _parser(p, cpu, worker.put)
    return Chain(_door(p, cpu, frontends), (parser, worker, projector), frontends, scaling, cpu, (store, model))


def _door(p: Parameters, cpu: Bucket, frontends: Bucket) -> list[Use]:
    requests = p.concurrency * p.requests_per_environment
    return [
        Use(Bucket("the stage's throttle", p.stage_rate, p.stage_burst), 1),
        Use(Bucket("API Gateway's quota", p.account_rate, p.account_burst), 1),
        Use(Bucket("Lambda's requests", requests, requests), 1),
        Use(frontends, frontend_seconds(p)),
        Use(cpu, p.frontend_cpu),
    ]


def frontend_seconds(p: Parameters) -> float:
    """Return how long the frontend takes for a wish: it answers when the queue has it."""
    return p.queue_call + p.frontend_cpu * p.slowness


def _pollers(name: str, p: Parameters, batch_seconds: float) -> Bucket:
    """Return a bucket of pollers' seconds, of which each poller brings one in a second."""
    first = min(p.pollers, p.consumers)
    return Bucket(name, first, first * batch_seconds)


def _parser(p: Parameters, cpu: Bucket, done: Take) -> Line:
    base, each = p.polling + p.queue_call, p.parser_cpu * p.slowness
    pollers = _pollers("the parser's pollers", p, base + each * p.parser_batch)
    uses = [Use(pollers, each, base), Use(cpu, p.parser_cpu)]
    return Line("Inbox", int(p.parser_batch), base, each, p.parser_window, uses, done)


def _worker(p: Parameters, cpu: Bucket, store: Bucket, done: Take) -> Line:
    """Return the worker's line. A batch looks for stored wishes and leases seats; each wish is appended by itself."""
    base, each = p.polling + 2 * p.item_call, p.item_call + p.worker_cpu * p.slowness
    pollers = _pollers("the worker's pollers", p, base + each * p.worker_batch)
    seats = p.partition_writes * p.seat_items
    uses = [
        Use(pollers, each, base),
        Use(store, 1),
        Use(Bucket("EventStore's reads", p.warm_reads, p.warm_reads), 1),
        Use(Bucket("the item of the seats", seats, seats), 0, 1),
        Use(cpu, p.worker_cpu),
    ]
    return Line("Pods", int(p.worker_batch), base, each, p.worker_window, uses, done)


def _projector(p: Parameters, cpu: Bucket, model: Bucket, done: Take) -> Line:
    """Return the projector's line. Each shard invokes it once at a time, and only one at a time writes a lane's totals.

    Nothing is lost to conflicts here: two that write at once cost no more than one after the other.
    """
    batch, most = int(p.projector_batch), int(p.slice_rows)
    slices = [min(most, batch - start) for start in range(0, batch, most)]
    entries = sum(p.slice_units(size) - p.row_units * size for size in slices)  # and the totals
    writing = len(slices) * (p.item_call + p.transaction)
    base, each = p.item_call + writing, p.projector_cpu * p.slowness
    at_once = p.shards * p.parallelization
    shards = Bucket("the stream's shards", at_once, at_once * (base + each * batch))
    lanes = Bucket("the projector's writer", p.lanes, p.lanes)
    hot = p.partition_writes * p.lanes
    uses = [
        Use(shards, each, base),
        Use(lanes, p.writing_cpu * p.slowness, writing),
        Use(model, p.row_units, entries),
        Use(Bucket("the item of the totals", hot, hot), 0, p.totals_units * len(slices)),
        Use(cpu, p.projector_cpu),
    ]
    return Line("stream", batch, base, each, p.projector_window, uses, done)
