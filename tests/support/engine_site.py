"""A stack that is an engine in this process, and no function."""

from pathlib import Path

from lastwish.local.state import Home, State
from lastwish.maintenance.dlq import DEAD
from lastwish.site import LocalSite
from tests.support.engine_in_process import KEY, Engine, url_of


class EngineSite(LocalSite):
    """A stack of which only the dead-letter queues are there."""

    def __init__(self, engine: Engine, home: Path) -> None:
        self.home = Home(home)
        outputs = {f"{queue}Url": url_of(queue) for queue in ("Inbox", *DEAD)}
        self.state = State("http://127.0.0.1:9/", engine.endpoint.url, outputs, key=KEY, xray="http://127.0.0.1:9")

    def physical_ids(self, kind: str | None = None) -> dict[str, str]:
        return {}
