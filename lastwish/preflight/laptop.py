"""Checks of this laptop: does its stack work, can phones reach it, and how large a hall does it bear?"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from lastwish.aws.clients import plain_errors
from lastwish.errors import NotReady
from lastwish.load import guard
from lastwish.local import network, reset
from lastwish.local.environment import HOST
from lastwish.preflight.check import Checks
from lastwish.preflight.hall import SECONDS, measure
from lastwish.site import LocalSite

ON_THE_LAN = "lastwish down (which deletes wishes and accounts), then lastwish up --lan"


@dataclass(frozen=True)
class Laptop:
    """The stack that runs here. ``rate``: wishes a second that the hall will send, where somebody said so."""

    site: LocalSite
    rate: float | None = None
    measures: bool = True

    def checks(self) -> Checks:
        """Return the checks, by name."""
        checks = {"stack": self.stack, "phones": self.phones, "wall": self.wall}
        return checks | ({"hall": self.hall} if self.measures else {})

    def stack(self) -> str:
        """Check the parts of the stack."""
        wrong = [f"{name} {words}" for name, words in self.site.health().items() if words != "ok"]
        if wrong:
            raise NotReady(f"{'; '.join(wrong)}: lastwish down, then lastwish up")
        return f"runs at {self.site.url}"

    def phones(self) -> str:
        """Check that this machine's address for phones answers: all that can be seen from this side of the network."""
        lan = self.site.state.lan
        if not lan:
            raise NotReady(f"only this machine reaches {self.site.url}: {ON_THE_LAN}")
        if not network.is_present(lan):
            raise NotReady(f"this machine is no longer at {lan}: {ON_THE_LAN}")
        if network.http_status(f"{lan}health") != 200:
            raise NotReady(f"{lan} does not answer: is something between? {ON_THE_LAN}")
        return (
            f"{lan} answers here. A firewall, or a Wi-Fi that separates its clients, shows only from a phone: try one"
        )

    def wall(self) -> str:
        """Check that the wall's QR code leads to an address that phones can open."""
        function = self.site.physical_ids("AWS::Lambda::Function")["FrontendFunction"]
        with plain_errors():
            found = self.site.client("lambda").get_function_configuration(FunctionName=function)
        url = found["Environment"]["Variables"]["PUBLIC_URL"] or self.site.url
        if urlsplit(url).hostname in (HOST, "localhost"):
            raise NotReady(f"the wall's code says {url}, which a phone would look for in itself: {ON_THE_LAN}")
        return f"the wall's code says {url}"

    def hall(self) -> str:
        """Measure on an empty stack, and leave it empty: the audience's wishes are never mixed with ours."""
        guard.check_packages()
        with self.site.http() as http:
            if self.site.promises()().wish_ids or sum(guard.ended_counts(http).values()):
                raise NotReady("not measured, since there are wishes: `lastwish reset` before the show, then once more")
        measured = measure(self.site.url)
        if set(self.site.promises()().wish_ids) - measured.wish_ids:
            raise NotReady("other wishes came meanwhile, so ours stay with them: `lastwish reset`, then once more")
        reset.reset(self.site.state, self.site.home)
        return self._verdict(measured.answered)

    def _verdict(self, answered: int) -> str:
        found = f"answered {answered} wishes in {SECONDS} s: if as many press at once, the last one waits so long"
        if not answered:
            raise NotReady(f"answered no wish in {SECONDS} s: see lastwish status")
        if self.rate and answered / SECONDS < self.rate:
            raise NotReady(f"{found}; {self.rate:g} a second are planned, so phones will wait and try again")
        return found
