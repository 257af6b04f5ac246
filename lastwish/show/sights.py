"""Ask the stack whether what a cue promises can be seen. Nothing here changes anything."""

from collections.abc import Iterable
from typing import Any

from lastwish.aws.clients import plain_errors
from lastwish.drills.crowd import Crowd
from lastwish.drills.drill import Load
from lastwish.drills.sight import Sight as Eyes
from lastwish.load import guard
from lastwish.maintenance.audit import Report, audit_once
from lastwish.show.sheet import Sight
from lastwish.site import Site
from mission.slos import NAMESPACE, Metric


class Sights:
    """What can be seen on one stack. Wishes count since `begin_show`, metrics and alarms since the last `begin`.

    Methods raise AwsError, and LoadRefused where the API does not answer.
    """

    def __init__(self, site: Site) -> None:
        self._site, self._promises = site, site.promises()
        self._eyes = Eyes(site, Crowd(site.url, Load(), 0))  # who sends here is the hall
        self._ended: dict[str, int] = {}

    def begin_show(self) -> None:
        """Count wishes from now on."""
        self._ended = self._read_ended()

    def begin(self) -> None:
        """Count metrics and alarms from now on."""
        self._eyes.begin()

    def seen(self, sights: Iterable[Sight]) -> list[bool | None]:
        """Return for each sight whether it is seen now; None where only people can tell."""
        return [None if sight.is_for_people else self._is_seen(sight) for sight in sights]

    def _is_seen(self, sight: Sight) -> bool:
        if sight.alarm:
            return sight.alarm in self._eyes.rung()
        if sight.metric:
            return self._eyes.total(_metric(sight.metric)) >= sight.at_least
        if sight.wishes:
            return self._read_ended()[sight.wishes] - self._ended.get(sight.wishes, 0) >= sight.at_least
        return self._audit().ok

    def finale(self) -> dict[str, Any]:
        """Return for the wall what the audit counts now, and how many wishes have a seat, by ship."""
        with self._site.http() as http:
            ships = {name: ship["boarded"] for name, ship in guard.ships(http).items()}
        found = self._audit()
        counts = {name: getattr(found, name) for name in ("accepted", "stored", "in_flight", "dead_lettered", "parked")}
        return {"ok": found.ok, **counts, "seats": ships}

    def _audit(self) -> Report:
        with plain_errors():
            return audit_once(self._eyes.stores, self._promises)

    def _read_ended(self) -> dict[str, int]:
        with self._site.http() as http:
            return guard.ended_counts(http)


def _metric(name: str) -> Metric:
    service, _, metric = name.partition(" ")
    return Metric(NAMESPACE, metric, {"service": service})
