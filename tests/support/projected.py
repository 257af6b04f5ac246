"""The read model that a projector made, compared with the commits in the store."""

from collections import Counter
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from domain.commit import Commit, wish_of
from infra.event_store import commit_of
from tests.support.aws import Aws
from tests.support.samples import LambdaContext
from tests.support.wishes import stream_event


@dataclass
class Projected:
    """Read model of generation 1, compared with the totals and rows that follow from the commits."""

    aws: Aws
    projector: ModuleType

    def apply(self, items: list[dict[str, Any]]) -> None:
        self.projector.handler(stream_event(items), LambdaContext())

    def totals(self) -> dict[str, int]:
        totals = self.projector.read_model.totals(1, consistent=True)
        return {name: count for name, count in totals.items() if count and name not in ("feed", "news")}

    def rows(self) -> dict[str, dict[str, Any]]:
        items = self.aws.dynamodb.scan(TableName="ReadModel")["Items"]
        return {item["sk"]["S"]: item for item in items if "version" in item}

    def feed(self) -> list[list[str]]:
        """Wish ids of each entry, in order."""
        model = self.projector.read_model
        entries = list(model.feed(1, 0, model.ends(1)[0], 1000))
        assert [entry["position"] for entry in entries] == list(range(1, len(entries) + 1))
        return [ids for entry in entries if (ids := [place.rpartition("/")[2] for place in entry["wishes"]])]

    def is_exact(self) -> bool:
        """Every wish in the store once in rows, totals and feed."""
        commits: dict[str, list[Commit]] = {}
        for item in sorted(self.aws.stored(), key=lambda item: int(item["version"]["N"])):
            commits.setdefault(wish_of(item["stream"]["S"]), []).append(commit_of(item))
        rows = self.rows()
        seen = Counter(wish for entry in self.feed() for wish in entry)
        return (
            {wish: int(row["version"]["N"]) for wish, row in rows.items()} == {w: len(c) for w, c in commits.items()}
            and sum(self.totals().values()) == len(commits)
            and all(count == 1 for count in seen.values())
        )
