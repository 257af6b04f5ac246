"""This machine's IPv4 addresses: the one for phones, its QR code, and sockets bound on any of them."""

import io
import socket
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address
from urllib.parse import urlsplit

import psutil

from lastwish.errors import NoNetwork, PortTaken
from lastwish.local.environment import HOST

QUEUE = 2048  # connections that wait to be accepted; the system may allow fewer
# An address of nobody (RFC 5737): traffic to it takes the default route.
_FAR_AWAY = ("203.0.113.1", 9)


def phone_address(requested: str | None = None) -> str:
    """Return the requested address if it is this machine's, else the one of the default route. Raises NoNetwork."""
    return choose(own_addresses(), default_address(), requested)


def choose(own: dict[str, bool], default: str | None, requested: str | None = None) -> str:
    """Choose the address for phones from `own_addresses` and `default_address`. Raises NoNetwork."""
    connected = [address for address, up in own.items() if up]
    if requested is not None:
        if requested in own:
            return requested
        raise NoNetwork(f"{requested} is no address of this machine on a network; {_listed(list(own))}")
    if default in connected:
        return default
    if len(connected) == 1:
        return connected[0]
    if connected:
        raise NoNetwork(f"this machine is on several networks: choose with --address; {_listed(connected)}")
    raise NoNetwork("this machine is on no network: join the Wi-Fi, or start without --lan")


def _listed(addresses: list[str]) -> str:
    return f"it has {', '.join(sorted(addresses)) or 'none'}"


def own_addresses() -> dict[str, bool]:
    """Return this machine's IPv4 addresses except loopback; true where a cable or a Wi-Fi is connected."""
    connected = {name for name, nic in psutil.net_if_stats().items() if nic.isup}
    return {
        each.address: name in connected
        for name, addresses in psutil.net_if_addrs().items()
        for each in addresses
        if each.family == socket.AF_INET and not IPv4Address(each.address).is_loopback
    }


def default_address() -> str | None:
    """Return this machine's address on its default route, None without one. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(_FAR_AWAY)  # for a datagram socket this only reads the routing table
        address: str = probe.getsockname()[0]
        return address
    return None


def is_ours(url: str) -> bool:
    """Return whether a server can have the address in this URL: it is this machine's, connected or not."""
    return urlsplit(url).hostname in own_addresses()


def is_present(url: str) -> bool:
    """Return whether the address in this URL is still this machine's, and connected."""
    return own_addresses().get(urlsplit(url).hostname or "", False)


def qr(url: str) -> str:
    """Return the QR code of a URL in half blocks, two rows per line: light modules drawn, dark ones left out."""
    import segno  # only here: most commands draw none

    code = io.StringIO()
    segno.make_qr(url).terminal(code, compact=True)
    return code.getvalue()


def bind(port: int, address: str = HOST) -> socket.socket:
    """Bind a TCP socket on this port, 0 for a free one, of an address of this machine. Raises PortTaken."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((address, port))
        # Only listening reveals another listener that shares the port (on 0.0.0.0).
        bound.listen(QUEUE)
    except OSError as error:
        bound.close()
        taken = f"port {port} is taken" + ("" if address == HOST else f" at {address}")
        raise PortTaken(f"{taken} ({error.strerror}): choose another with --port", port=port) from None
    return bound


def bind_at(url: str) -> socket.socket:
    """Bind a TCP socket where the server of this URL is to listen; its port 0 is a free one. Raises PortTaken."""
    where = urlsplit(url)
    return bind(where.port or 0, where.hostname or HOST)


def url_of(bound: socket.socket) -> str:
    """Return the base URL of a server on this socket."""
    address, port = bound.getsockname()
    return f"http://{address}:{port}/"


def http_status(url: str, headers: dict[str, str] | None = None) -> int | None:
    """Send a GET without any proxy and return the status of the answer, None where there is none.

    Asked ten times a second while a part starts, so not by httpx, which reads all certificates each time.
    """
    where = urlsplit(url)
    connection = HTTPConnection(where.hostname or HOST, where.port, timeout=5)
    try:
        connection.request("GET", where.path, headers=headers or {})
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
