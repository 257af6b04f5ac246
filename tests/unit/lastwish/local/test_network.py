"""Which address phones get, and the QR code that leads there."""

from ipaddress import IPv4Address

import pytest
import segno

from lastwish.errors import NoNetwork
from lastwish.local import network

WIFI, CABLE, UNPLUGGED = "192.168.1.7", "10.0.0.7", "172.17.0.1"


def test_the_one_that_traffic_leaves_by_is_taken() -> None:
    assert network.choose({CABLE: True, WIFI: True}, WIFI) == WIFI


def test_a_network_that_leads_nowhere_will_do_if_it_is_the_only_one() -> None:
    assert network.choose({WIFI: True, UNPLUGGED: False}, None) == WIFI


def test_several_that_lead_nowhere_are_the_presenters_choice() -> None:
    with pytest.raises(NoNetwork, match=f"choose with --address; it has {CABLE}, {WIFI}"):
        network.choose({WIFI: True, CABLE: True, UNPLUGGED: False}, None)


@pytest.mark.parametrize("mine", [{}, {UNPLUGGED: False}])
def test_a_machine_on_no_network_says_so(mine: dict[str, bool]) -> None:
    with pytest.raises(NoNetwork, match="on no network"):
        network.choose(mine, None)


def test_what_the_presenter_chooses_goes_before_the_default_route() -> None:
    assert network.choose({WIFI: True, CABLE: True}, CABLE, WIFI) == WIFI


@pytest.mark.parametrize("wanted", ["192.168.1.8", "127.0.0.1", "0.0.0.0", "localhost", "", "::1", " " + WIFI])
def test_only_an_address_of_this_machine_can_be_chosen(wanted: str) -> None:
    with pytest.raises(NoNetwork, match=f"no address of this machine on a network; it has {WIFI}"):
        network.choose({WIFI: True}, WIFI, wanted)


def test_a_default_route_of_somebody_elses_address_is_not_believed() -> None:
    assert network.choose({WIFI: True}, "198.51.100.1") == WIFI


def test_loopback_is_no_network() -> None:
    assert not any(IPv4Address(each).is_loopback for each in network.own_addresses())


def test_an_address_that_is_gone_is_not_present() -> None:
    assert not network.is_present("http://203.0.113.7:8045/")


def modules(drawn: str) -> list[list[int]]:
    """A code of half blocks as rows of 1 for dark and 0 for light, without its quiet zone."""
    halves = {" ": (1, 1), "\u2580": (0, 1), "\u2584": (1, 0), "\u2588": (0, 0)}
    lines = [[halves[each] for each in line] for line in drawn.splitlines()]
    rows = [[pair[half] for pair in line] for line in lines for half in (0, 1)]
    size = len(rows[0]) - 8
    assert not any(any(row[:4] + row[-4:]) for row in rows[: size + 8])
    assert not any(any(row) for row in rows[:4] + rows[size + 4 : size + 8])
    return [row[4:-4] for row in rows[4 : size + 4]]


@pytest.mark.parametrize("url", ["http://192.168.1.7:8045/", "http://192.168.178.123:65535/"])
def test_the_code_in_the_terminal_is_that_of_the_url(url: str) -> None:
    assert modules(network.qr(url)) == [list(row) for row in segno.make_qr(url).matrix]
