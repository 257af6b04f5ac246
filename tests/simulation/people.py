"""Who acts on the system from outside: the audience, strangers, operators in the console and at the command line."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from lastwish.errors import CommandError
from lastwish.maintenance import audit as auditing
from lastwish.maintenance import erase as erasing
from lastwish.maintenance.rebuild import Options, rebuild
from lastwish.maintenance.reclaim import reclaim
from lastwish.promises import Promises
from tests.simulation.scheduler import Killed, Process
from tests.simulation.world import World
from tests.support.chain import Quiet
from tests.support.samples import sample

_NOON = "2045-01-01T12:00:00.000Z"
_SHOW = 120.0  # seconds in which the audience sends
# What is never true in these histories, whatever happens.
_NEVER = ("missing", "unpromised", "seat-twice", "gap", "no-beginning", "order", "commit-twice", "tag")
TROUBLE = 600.0  # seconds in which operators act and faults happen


class People:
    """Everybody's plans for one history."""

    def __init__(self, world: World, wishes: int) -> None:
        self._world, self._random = world, world.random
        self.busy = self._texts = self._asking = 0
        for _ in range(wishes):
            self._at(self._random.uniform(0, _SHOW), lambda: self._send(self._wish()))
        if world.faults.is_on("foreign"):
            for _ in range(self._random.randint(1, 3)):
                self._at(self._random.uniform(0, _SHOW), self._send_nonsense)
        self._plan_operators(wishes // 3)
        self._plan_events()

    def _plan_operators(self, most: int) -> None:
        for _ in range(self._random.randint(0, most)):
            action = self._random.choice(("release", "hide", "erase"))
            self._at(self._random.uniform(0, TROUBLE), lambda action=action: self._moderate(action))
        commands = (self.reclaim, self.rebuild, self.erase, self.audit)
        weights = [self._random.random() ** 2 for _ in commands]  # some histories are all about one command
        for command in self._random.choices(commands, weights, k=self._random.randint(0, 12)):
            self._at(self._random.uniform(0, TROUBLE), command)

    def _plan_events(self) -> None:
        faults = self._world.faults
        events = (("hidden", self._look), ("redrive", self.redrive), ("deploy", self._deploy), ("outage", self._fail))
        if faults.is_on("unreadable") and self._random.random() < 0.2:
            self._at(self._random.uniform(0, TROUBLE), self._store_unreadable)
        for fault, event in events:
            for _ in range(self._random.randint(1, 4) if faults.is_on(fault) else 0):
                self._at(self._random.uniform(0, TROUBLE), event)

    def _at(self, seconds: float, action: Callable[[], Any]) -> None:
        """Do something later. The history waits for it."""
        self.busy += 1

        def act() -> None:
            self.busy -= 1
            action()

        self._world.scheduler.after(seconds, act)

    # --- the audience

    def _wish(self) -> dict[str, Any]:
        """Return a request for a wish whose text is nowhere else, at times one to hold or to reject."""
        self._texts += 1
        text = f"secret{self._texts}text"
        messages = (f"https://{text}.example", f"write to {text}@example.org", f"{text} & all the <b>whales</b>")
        fields = {
            "message": self._random.choices(messages, (1, 2, 17))[0],
            "destination": self._random.choice(("mars", "mars", "jupiter")),
        }
        if self._random.random() < 0.3:
            fields["name"] = f"{text}name"
        event = sample("frontend-good-wish")
        if self._random.random() < 0.7:
            event["headers"]["Idempotency-Key"] = str(uuid.UUID(bytes=self._random.randbytes(16), version=4))
        event["body"] = json.dumps(fields)
        event["requestContext"]["extendedRequestId"] = f"request-{self._texts}"
        event["text"] = text
        return event

    def _send(self, event: dict[str, Any], tries: int = 3) -> None:
        """Post a wish. Try again where the answer is no 202 or gets lost; tap twice at times, or an hour later."""
        self.busy += 1
        self._asking += 1

        def answered(result: Any) -> None:
            self.busy -= 1
            self._asking -= 1
            is_accepted = isinstance(result, dict) and result["statusCode"] == 202
            if is_accepted:
                wish_id = json.loads(result["body"])["wish_id"]
                self._world.promised.append(wish_id)
                self._world.texts.setdefault(wish_id, event["text"])
            else:
                self._world.unanswered += 1
            # Without a key each try is another wish.
            same = event if "Idempotency-Key" in event["headers"] else self._wish()
            if tries > 1 and not is_accepted:
                self._at(self._random.uniform(1, 20), lambda: self._send(same, tries - 1))
            elif tries > 1 and self._random.random() < 0.15:
                later = self._random.choice((0.1, 5, 300)) * self._random.random()
                self._at(later, lambda: self._send(same, tries - 1))

        self._world.invoke("frontend", event, answered)

    def _send_nonsense(self) -> None:
        self._world.faults.note("foreign")
        body = self._random.choice(("{}", "no json", json.dumps([{"subject": "nobody"}]), '{"specversion":"1.0"}'))
        queue = self._random.choice(("Inbox", "Pods"))
        self._world.sqs.SendMessage({"QueueUrl": self._world.urls[queue], "MessageBody": body})

    # --- operators

    def _some_wish(self) -> str | None:
        return self._random.choice(self._world.promised) if self._world.promised else None

    def _moderate(self, action: str) -> None:
        wish_id = self._some_wish()
        if wish_id is None:
            return
        self.busy += 1

        def answered(result: Any) -> None:
            self.busy -= 1
            if action == "erase" and isinstance(result, dict) and result["statusCode"] == 200:
                self._note_erased(wish_id)

        event = {**sample("console-release"), "path": f"/ops/wishes/{wish_id}/{action}"}
        self._world.invoke("console", event, answered)

    def _note_erased(self, wish_id: str) -> None:
        """Remember that somebody was told so. A message that still travels may die later: infra.erasure says so."""
        world = self._world
        world.erased.add(wish_id)
        bodies = (
            each.body for name in ("Inbox", "Pods") for each in world.sqs.queues[world.urls[name]].letters.values()
        )
        if any(world.texts[wish_id] in body for body in bodies):
            world.erased_too_early.add(wish_id)

    def command(self, name: str, work: Callable[[], Any], done: Callable[[Any], None] = lambda _: None) -> None:
        """Run a command of an operator, which may be killed at any step, or sleep for minutes."""
        self.busy += 1
        world, faults = self._world, self._world.faults
        process = world.process(f"{name}{len(world.processes)}")
        if faults.is_on("skew"):
            process.skew = self._random.choice((0.0, -5.0, 5.0))  # a laptop keeps better time than this
        if faults.is_on("killed") and self._random.random() < 0.3:
            process.dies_at = self._random.randint(1, 80)
        if faults.is_on("stalled") and self._random.random() < 0.5:
            begin, length = self._random.uniform(0, 60), self._random.uniform(5, 300)
            world.scheduler.after(begin, lambda: self._stall(process, length))

        def ended(result: Any) -> None:
            self.busy -= 1
            world.trace(process, "ended", "", repr(result)[:160])
            if isinstance(result, CommandError | Killed):
                return
            if isinstance(result, BaseException):
                raise result
            done(result)

        world.scheduler.start(process, work, ended)

    def _stall(self, process: Process, seconds: float) -> None:
        """Close the laptop's lid."""
        if not (process.dead or self._world.faults.calm):
            self._world.faults.note("stalled")
            self._world.trace(process, "sleeps", f"{seconds:.0f} s", "")
            process.stalled_until = self._world.scheduler.now + seconds

    def reclaim(self, done: Callable[[Any], None] = lambda _: None) -> None:
        self.command("reclaim", lambda: reclaim(self._world.stores(), None), done)

    def rebuild(self, done: Callable[[Any], None] = lambda _: None) -> None:
        flip = self._random.choice((None, None, True, False))
        options = Options(None if self._world.faults.calm else flip, keep_old=self._random.random() < 0.2)
        self.command("rebuild", lambda: rebuild(self._world.stores(), options, Quiet()), done)

    def erase(self) -> None:
        wish_id = self._some_wish()
        if wish_id is not None:
            work = lambda: erasing.erase(self._world.stores(), wish_id, 30)  # noqa: E731
            self.command("erase", work, lambda _: self._note_erased(wish_id))

    def audit(self, done: Callable[[Any], None] = lambda _: None, lost: str | None = None) -> None:
        settle = self._random.choice((0, 10))
        work = lambda: auditing.audit(self._world.stores(), self._promises, settle)  # noqa: E731
        self.command("audit", work, lambda report: (self._judge(report, lost), done(report)))

    def _promises(self) -> Promises:
        """Return what the ledger would say: a request that runs, or whose answer was no 202, has an unknown end."""
        return Promises(list(self._world.promised), self._world.unanswered + self._asking)

    def _judge(self, report: Any, lost: str | None) -> None:
        """Nothing is ever lost in the middle of a history: an audit must not say so."""
        for each in report.differences:
            if each.wish_id != lost and each.kind in _NEVER:
                self._world.broken.append(f"an audit names {each.wish_id} as {each.kind}: {each.detail}")

    def redrive(self) -> None:
        """Send the dead letters back to where they came from, as the runbook says."""
        self._world.faults.note("redrive")
        for source, target in (("InboxDlq", "Inbox"), ("PodsDlq", "Pods")):
            queue = self._world.sqs.queues[self._world.urls[source]]
            for letter in [each for each in queue.letters.values() if each.visible <= self._world.scheduler.now]:
                self._world.sqs.move(queue, letter, self._world.sqs.queues[self._world.urls[target]])

    def _look(self) -> None:
        """Somebody looks at dead letters in AWS's console, which hides them from all others for a while."""
        queue = self._world.urls[self._random.choice(("InboxDlq", "PodsDlq"))]
        seconds = self._random.choice((30, 120))
        self._world.faults.note("hidden")
        self._world.sqs.ReceiveMessage({"QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": seconds})

    def _deploy(self) -> None:
        self._world.faults.note("deploy")
        more = self._random.choice((-4, -1, 1, 4, 12))
        self._world.deploy({name: max(0, seats + more) for name, seats in self._world.capacity.items()})

    def _fail(self) -> None:
        """One service fails for all, for up to two minutes."""
        faults = self._world.faults
        faults.note("outage")
        faults.outage = self._random.choice(("dynamodb", "sqs"))
        self._at(10 ** self._random.uniform(0, 2.1), lambda: setattr(faults, "outage", None))

    def _store_unreadable(self) -> None:
        """Store a commit of a stream of its own that no version of the code can read, as a broken deploy would."""
        self._world.faults.note("unreadable")
        wish_id = str(uuid.UUID(bytes=self._random.randbytes(16), version=4))
        event = {"type": {"S": "lastwish.wish.submitted.v1"}, "data": {"M": {}}, "time": {"S": _NOON}}
        item = {
            "stream": {"S": f"wish#{wish_id}"},
            "version": {"N": "1"},
            "commit_id": {"S": "unreadable"},
            "time": {"S": _NOON},
            "correlation_id": {"S": "unreadable"},
            "events": {"L": [{"M": event}]},
        }
        self._world.unreadable.add(wish_id)
        self._world.dynamodb.PutItem({"TableName": "EventStore", "Item": item})
