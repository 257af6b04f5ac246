"""`up --lan`: the code in the terminal, addresses and ports that it refuses, and its end."""

import io
import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest
import segno

from lastwish.local.network import default_address, own_addresses
from tests.support.laptop import PATIENCE, Laptop


@pytest.mark.parametrize("address", ["203.0.113.7", "127.0.0.1", "0.0.0.0"])
def test_an_address_of_somebody_elses_is_refused_before_anything_starts(laptop: Laptop, address: str) -> None:
    done = laptop.run("up", "--lan", "--address", address, "--detach", "--json", "--port", "0")

    assert done.returncode == 1
    assert f"{address} is no address of this machine" in json.loads(done.stdout)["error"]
    assert not (laptop.home / "engine.log").exists()


def test_an_address_without_a_network_is_bad_usage(laptop: Laptop) -> None:
    assert laptop.run("up", "--address", "203.0.113.7").returncode == 2


def test_a_port_that_is_taken_there_is_named_before_anything_starts(laptop: Laptop) -> None:
    if not own_addresses():
        pytest.skip("this machine has no IPv4 address but loopback")
    address = next(iter(own_addresses()))
    with socket.create_server((address, 0)) as taken:
        port = taken.getsockname()[1]
        done = laptop.run("up", "--lan", "--address", address, "--detach", "--port", str(port))

    assert done.returncode == 1
    assert f"port {port} is taken at {address}" in done.stderr
    assert not (laptop.home / "engine.log").exists()


def test_the_way_out_of_this_machine_is_one_of_its_own_addresses() -> None:
    assert default_address() in {None, *own_addresses()}


def test_in_the_terminal_a_code_leads_to_the_form_until_ctrl_c_ends_both_addresses(laptop: Laptop) -> None:
    if not own_addresses():
        pytest.skip("this machine has no IPv4 address but loopback")
    address = next(iter(own_addresses()))
    running = laptop.start("up", "--lan", "--address", address, "--port", "0")
    assert running.stdout is not None
    phones = next((line.split()[1] for line in running.stdout if line.startswith("phones:")), None)
    if phones is None:
        pytest.fail(f"up ended: {running.communicate(timeout=PATIENCE)[1]}")
    port = urlsplit(phones).port
    assert urlsplit(phones).hostname == address
    for host in (address, "127.0.0.1"):
        assert httpx.get(f"http://{host}:{port}/health", timeout=60, trust_env=False).status_code == 200
    running.terminate()
    _, said = running.communicate(timeout=PATIENCE)
    code = io.StringIO()
    segno.make_qr(phones).terminal(code, compact=True)

    assert running.returncode == 0
    assert code.getvalue() in said
    assert "stopped" in said
    assert laptop.is_clean()
    for host in (address, "127.0.0.1"):
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://{host}:{port}/", timeout=5, trust_env=False)
