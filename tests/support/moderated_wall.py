"""Wall and console on moto: wishes board, operators moderate them, and the wall reads its feed."""

import json
from types import ModuleType
from typing import Any

from domain.envelope import write_story
from domain.events import WishAccepted, WishHeld
from infra.event_store import commit_of
from projector.projecting import project
from tests.support import faults
from tests.support.aws import Aws
from tests.support.chain import deliver_stream
from tests.support.functions import Invoke
from tests.support.http import body, get
from tests.support.samples import envelope, sample, submitted
from tests.support.wishes import batch


class ModeratedWall:
    """Worker, projector, frontend and console on moto. ``project`` delivers the table's stream."""

    def __init__(self, aws: Aws, invoke: Invoke, functions: dict[str, ModuleType]) -> None:
        self.aws, self.invoke = aws, invoke
        self.worker, self.projector = functions["worker"], functions["projector"]
        self.frontend, self.console = functions["frontend"], functions["console"]
        self.delivered: set[tuple[str, str]] = set()

    def board(self, *wish_ids: str, held: str | None = None) -> None:
        event = batch(*((wish_id, "mars") for wish_id in wish_ids))
        for record in event["Records"] if held else []:
            wish_id = json.loads(record["body"])[0]["subject"]
            decided = [submitted(), WishAccepted(), WishHeld.model_validate({"reason": held})]
            record["body"] = write_story([envelope(each, wish_id) for each in decided])
        self.invoke(self.worker, event)
        self.project()

    def project(self) -> None:
        deliver_stream(self.aws, self.projector, self.delivered)

    def _project_meanwhile(self) -> None:
        """Project without the handler: its metrics are those of the function that waits."""
        store, read_model = self.projector.store, self.projector.read_model
        for generation in read_model.generations().live:
            project(store, read_model, generation, map(commit_of, self.aws.stored()))

    def feed(self, after: str = "", limit: str = "50") -> Any:
        return body(get(self.frontend, self.invoke, "/wishes", {"after": after, "limit": limit}))

    def shown(self) -> list[str]:
        return [wish["wish_id"] for wish in self.feed()["wishes"]]

    def moderate(self, wish_id: str, action: str) -> Any:
        event = {**sample("console-release"), "path": f"/ops/wishes/{wish_id}/{action}"}
        if action == "erase":  # which waits for the projector
            faults.meanwhile(self.console.dynamodb, "dynamodb.BatchGetItem", self._project_meanwhile)
        answer = self.invoke(self.console, event)
        self.project()
        return answer

    def panic(self, body: str) -> Any:
        return self.invoke(self.console, {**sample("console-panic"), "body": body})

    def queue(self) -> Any:
        return body(self.invoke(self.console, sample("console-queue")))
