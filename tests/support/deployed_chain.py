"""The deployed chain on the local engine as a test sees it: HTTP in front, the queues and the table behind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import httpx

from domain.commit import stream_of
from tests.support.faulty_aws import Call, faulty_aws
from tests.support.laptop import Stack, wait_until

ENDS = 120.0  # seconds that a wish may take on a slow machine


class DeployedChain:
    """The deployed chain of one stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.http = httpx.Client(base_url=stack.url, timeout=60, trust_env=False)
        self.sqs = stack.aws("sqs")
        self.functions = stack.aws("lambda")
        self.dynamodb = stack.aws("dynamodb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def post(self, message: str, **fields: object) -> str:
        """Send a wish that must be accepted; its id."""
        key = fields.pop("key", None)
        headers = {"Idempotency-Key": str(key)} if key else {}
        answer = self.http.post("wishes", json={"message": message, "destination": "mars", **fields}, headers=headers)
        assert answer.status_code == 202, answer.text
        wish_id: str = answer.json()["wish_id"]
        return wish_id

    def commits(self, wish_id: str) -> list[dict[str, object]]:
        """The items of a wish's stream."""
        answer = self.dynamodb.query(
            TableName=self.stack.outputs["EventStoreName"],
            KeyConditionExpression="#s = :s",
            ExpressionAttributeNames={"#s": "stream"},
            ExpressionAttributeValues={":s": {"S": stream_of(wish_id)}},
            ConsistentRead=True,
        )
        return list(answer["Items"])

    def wait_until_stored(self, *wish_ids: str) -> None:
        missing = list(wish_ids)

        def all_stored() -> bool:
            while missing and self.commits(missing[-1]):
                missing.pop()  # what is stored stays so: it need not be read again
            return not missing

        assert wait_until(all_stored, ENDS)

    def told(self, wish_id: str) -> Any:
        """What the API says of a wish, once it is stored."""
        self.wait_until_stored(wish_id)
        return self.http.get(f"wishes/{wish_id}").json()

    def wait_until_idle(self) -> None:
        """Both work queues empty, nothing in flight."""
        assert wait_until(lambda: self.waiting("InboxUrl") == self.waiting("PodsUrl") == 0, ENDS)

    def waiting(self, output: str) -> int:
        """Messages of a queue, visible or in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.stack.outputs[output], AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def dead_letters(self, output: str) -> list[dict[str, object]]:
        """Receive and delete the messages of a dead-letter queue."""
        url = self.stack.outputs[output]
        answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        for letter in answer.get("Messages", []):
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"])
        return list(answer.get("Messages", []))

    @contextmanager
    def endpoint(self, function: str, **variables: str) -> Iterator[None]:
        """Change a function's environment for a while, in versions of its own: triggers call what its alias names."""
        names = [each["FunctionName"] for each in self.functions.list_functions()["Functions"]]
        [name] = [name for name in names if function in name]
        before = self.functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        self._configure(name, {**before, **variables})
        try:
            yield
        finally:
            self._configure(name, before)

    def _configure(self, name: str, variables: dict[str, str]) -> None:
        self.functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        self.functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        version = self.functions.publish_version(FunctionName=name)["Version"]
        self.functions.update_alias(FunctionName=name, Name="live", FunctionVersion=version)

    @contextmanager
    def fault_for(self, function: str, fault: Callable[[Call], tuple[int, bytes]]) -> Iterator[None]:
        """Send every AWS call of a function through a fault."""
        with faulty_aws(self.stack.engine, fault) as url, self.endpoint(function, AWS_ENDPOINT_URL=url):
            yield

    @contextmanager
    def paused(self, output: str) -> Iterator[None]:
        """Let nobody receive from a queue for a while."""
        mappings = self.functions.list_event_source_mappings()["EventSourceMappings"]
        name = self.stack.outputs[output].rpartition("/")[2]
        [mapping] = [each["UUID"] for each in mappings if each["EventSourceArn"].endswith(name)]
        self.functions.update_event_source_mapping(UUID=mapping, Enabled=False)
        try:
            yield
        finally:
            self.functions.update_event_source_mapping(UUID=mapping, Enabled=True)

    @contextmanager
    def visibility(self, output: str, seconds: int) -> Iterator[None]:
        """Shorten a queue's visibility timeout, so that a lost message returns during the test."""
        url = self.stack.outputs[output]
        for value in (seconds, 180):
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(value)})
            if value == seconds:
                yield
