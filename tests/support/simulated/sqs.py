"""SQS standard queues in memory: messages come in any order, more than once, and late, where ``chance`` is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.support.simulated.errors import Refused

_MOST_BYTES = 1024 * 1024
_TWICE = 0.02  # share of the received messages that stay visible
_LATE = 0.05  # share of deletions by an old receipt that count


@dataclass
class Letter:
    """One message. ``visible`` is the second from which it can be received."""

    number: int
    body: str
    attributes: dict[str, Any]
    trace_header: str | None
    sent: float
    visible: float
    receives: int = 0
    first_received: float = 0.0

    @property
    def receipt(self) -> str:
        """Return the receipt handle of the last receive."""
        return f"{self.number}/{self.receives}"


@dataclass
class QueueState:
    """One queue. After ``most_receives`` a message goes to ``dead_letters``."""

    visibility: float = 30.0
    dead_letters: str | None = None
    most_receives: int = 10**9
    letters: dict[int, Letter] = field(default_factory=dict)


class Sqs:
    """Queues by URL. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float], chance: Random | None = None) -> None:
        self.queues: dict[str, QueueState] = {}
        self._clock, self.chance = clock, chance
        self._sent = 0

    def CreateQueue(self, p: Any) -> Any:
        url = f"https://sqs.us-east-1.amazonaws.com/000000000000/{p['QueueName']}"
        self.queues[url] = QueueState(float(p.get("Attributes", {}).get("VisibilityTimeout", 30)))
        return {"QueueUrl": url}

    def SendMessage(self, p: Any) -> Any:
        return {"MessageId": self._add(self._queue(p), p)}

    def SendMessageBatch(self, p: Any) -> Any:
        queue = self._queue(p)
        ids = [entry["Id"] for entry in p["Entries"]]
        if not 0 < len(set(ids)) == len(ids) <= 10:
            raise Refused("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "1 to 10 entries with ids of their own")
        sent = [{"Id": entry["Id"], "MessageId": self._add(queue, entry)} for entry in p["Entries"]]
        return {"Successful": sent}

    def ReceiveMessage(self, p: Any) -> Any:
        queue, now, most = self._queue(p), self._clock(), p.get("MaxNumberOfMessages", 1)
        visible = [letter for letter in queue.letters.values() if letter.visible <= now]
        if self.chance:
            self.chance.shuffle(visible)
            if not p.get("WaitTimeSeconds"):  # a short poll asks only some servers
                most = self.chance.randint(1, most)
        received = []
        for letter in visible[:most]:
            if letter.receives >= queue.most_receives:
                self.move(queue, letter, self.queues[queue.dead_letters or ""])
                continue
            letter.receives += 1
            letter.first_received = letter.first_received or now
            twice = self.chance is not None and self.chance.random() < _TWICE
            letter.visible = now + (0.0 if twice else p.get("VisibilityTimeout", queue.visibility))
            received.append(_message(letter))
        return {"Messages": received} if received else {}

    def DeleteMessage(self, p: Any) -> Any:
        queue, number, is_last = self._held(p)
        if is_last or (self.chance and self.chance.random() < _LATE):
            queue.letters.pop(number, None)
        return {}

    def ChangeMessageVisibility(self, p: Any) -> Any:
        self._hide(self._queue(p), p)
        return {}

    def ChangeMessageVisibilityBatch(self, p: Any) -> Any:
        answer: dict[str, list[Any]] = {"Successful": [], "Failed": []}
        for entry in p["Entries"]:
            try:
                self._hide(self._queue(p), entry)
                answer["Successful"].append({"Id": entry["Id"]})
            except Refused as refused:
                answer["Failed"].append({"Id": entry["Id"], "Code": refused.code, "SenderFault": True})
        return answer if answer["Failed"] else {"Successful": answer["Successful"]}

    def GetQueueAttributes(self, p: Any) -> Any:
        letters, now = self._queue(p).letters.values(), self._clock()
        hidden = [letter for letter in letters if letter.visible > now]
        delayed = sum(not letter.receives for letter in hidden)
        counts = {"": len(letters) - len(hidden), "NotVisible": len(hidden) - delayed, "Delayed": delayed}
        return {"Attributes": {f"ApproximateNumberOfMessages{name}": str(n) for name, n in counts.items()}}

    def PurgeQueue(self, p: Any) -> Any:
        self._queue(p).letters.clear()
        return {}

    def move(self, source: QueueState, letter: Letter, target: QueueState) -> None:
        """Move a message to another queue, as a redrive does, in either direction."""
        del source.letters[letter.number]
        self._sent += 1
        moved = Letter(self._sent, letter.body, letter.attributes, letter.trace_header, letter.sent, self._clock())
        target.letters[moved.number] = moved

    def _add(self, queue: QueueState, p: Any) -> str:
        if len(p["MessageBody"].encode()) > _MOST_BYTES or not p["MessageBody"]:
            raise Refused("InvalidParameterValue", "a body has 1 byte to 1 MiB")
        header = p.get("MessageSystemAttributes", {}).get("AWSTraceHeader", {}).get("StringValue")
        now, self._sent = self._clock(), self._sent + 1
        letter = Letter(
            self._sent, p["MessageBody"], p.get("MessageAttributes", {}), header, now, now + p.get("DelaySeconds", 0)
        )
        queue.letters[letter.number] = letter
        return f"m{letter.number}"

    def _hide(self, queue: QueueState, p: Any) -> None:
        _, number, _ = self._held({**p, "QueueUrl": None}, queue)
        letter = queue.letters.get(number)
        if letter is None or letter.visible <= self._clock():
            raise Refused("MessageNotInflight", "the message is not in flight")
        letter.visible = self._clock() + p["VisibilityTimeout"]

    def _held(self, p: Any, queue: QueueState | None = None) -> tuple[QueueState, int, bool]:
        queue = queue or self._queue(p)
        try:
            number, receives = map(int, p["ReceiptHandle"].split("/"))
        except ValueError:
            raise Refused("ReceiptHandleIsInvalid", "not a receipt handle") from None
        letter = queue.letters.get(number)
        return queue, number, letter is not None and letter.receives == receives

    def _queue(self, p: Any) -> QueueState:
        if p["QueueUrl"] not in self.queues:
            raise Refused("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
        return self.queues[p["QueueUrl"]]


def _message(letter: Letter) -> dict[str, Any]:
    attributes = {
        "ApproximateReceiveCount": str(letter.receives),
        "SentTimestamp": str(int(letter.sent * 1000)),
        "ApproximateFirstReceiveTimestamp": str(int(letter.first_received * 1000)),
        **({"AWSTraceHeader": letter.trace_header} if letter.trace_header else {}),
    }
    message = {"MessageId": f"m{letter.number}", "ReceiptHandle": letter.receipt, "Body": letter.body}
    return {**message, "Attributes": attributes, "MessageAttributes": letter.attributes}
