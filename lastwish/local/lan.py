"""Where phones find this machine: its address on the venue's network, and the QR code that leads there. IPv4 only."""

import io
import socket
from contextlib import suppress
from ipaddress import IPv4Address
from urllib.parse import urlsplit

import psutil
import segno

from lastwish.errors import NoNetwork

# Nobody's (RFC 5737), so the way there is the default route.
_FAR_AWAY = ("203.0.113.1", 9)


def address(wanted: str | None = None) -> str:
    """The address for phones: `wanted` if it is this machine's, else the one that its traffic leaves by.

    Raises NoNetwork.
    """
    return choose(own(), default(), wanted)


def choose(mine: dict[str, bool], leaving: str | None, wanted: str | None = None) -> str:
    """The same, from addresses and whether each is connected, and the default route's. Raises NoNetwork."""
    connected = [each for each, up in mine.items() if up]
    if wanted is not None:
        if wanted in mine:
            return wanted
        raise NoNetwork(f"{wanted} is no address of this machine on a network; {_named(list(mine))}")
    if leaving in connected:
        return leaving
    if len(connected) == 1:
        return connected[0]
    if connected:
        raise NoNetwork(f"this machine is on several networks: choose with --address; {_named(connected)}")
    raise NoNetwork("this machine is on no network: join the Wi-Fi, or start without --lan")


def _named(addresses: list[str]) -> str:
    return f"it has {', '.join(sorted(addresses)) or 'none'}"


def own() -> dict[str, bool]:
    """This machine's IPv4 addresses but for loopback; true where a cable or a Wi-Fi is connected."""
    connected = {name for name, nic in psutil.net_if_stats().items() if nic.isup}
    return {
        each.address: name in connected
        for name, addresses in psutil.net_if_addrs().items()
        for each in addresses
        if each.family == socket.AF_INET and not IPv4Address(each.address).is_loopback
    }


def default() -> str | None:
    """The address that traffic to the rest of the world leaves by, None without a default route. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(_FAR_AWAY)  # of a datagram socket: it only asks the routing table
        found: str = probe.getsockname()[0]
        return found
    return None


def present(url: str) -> bool:
    """Whether the address in this URL is still this machine's, and connected."""
    return own().get(urlsplit(url).hostname or "", False)


def qr(url: str) -> str:
    """The QR code of a URL in half blocks, two rows of it per line: light modules are drawn, dark ones left out."""
    drawn = io.StringIO()
    segno.make_qr(url).terminal(drawn, compact=True)
    return drawn.getvalue()
