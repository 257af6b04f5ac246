"""Count which caller used which permission on which resource, and report it at `GET /_lastwish/calls`."""

from collections import Counter

from starlette.types import ASGIApp

from lastwish.local.engine import reports
from lastwish.local.engine.calls import Answer, Call, Proceed

PATH = "/_lastwish/calls"


class Record:
    """Interceptor that counts calls by caller, IAM action and ARN. These are few: it keeps no call."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()

    async def __call__(self, call: Call, proceed: Proceed) -> Answer:
        """Count a call and pass it on."""
        self._counts.update((call.caller, action, resource) for action, resource in call.permissions)
        return await proceed(call)

    def rows(self) -> list[dict[str, str | int]]:
        """Return `{"caller", "action", "resource", "calls"}` for each."""
        names = ("caller", "action", "resource", "calls")
        return [dict(zip(names, (*key, count), strict=True)) for key, count in sorted(self._counts.items())]

    def layer(self, app: ASGIApp) -> ASGIApp:
        """Return an ASGI layer that answers PATH and passes every other request on."""
        return reports.layer(app, PATH, self.rows)
