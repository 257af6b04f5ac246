"""Phones on this machine's network get the audience's pages and nothing else; the operator stays on loopback."""

import contextlib
import io
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
import segno

from lastwish.aws.clients import Endpoint, engine_client
from lastwish.local import stage
from lastwish.local.network import default_address, own_addresses
from tests.support.accounts import sign_in
from tests.support.laptop import PATIENCE, Laptop, Stack, start_detached, wait_until
from tests.support.on_stage import a_stage
from tests.support.slow_clients import BODY, HEAD, alive, allow_open_files, connected, dripping

IDLE, SLOW = 8600, 100  # more than a process may have open, even where it asks for more
NOBODYS = "198.51.100.45"  # RFC 5737: for documentation, so on nobody's network
WISH = "7f2c5bd6-14a4-4b9d-a64f-05f6c5be9dcf"
OPERATORS = [
    ("GET", "/console"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/ops/queue"),
    ("POST", f"/ops/wishes/{WISH}/release"),
    ("POST", f"/ops/wishes/{WISH}/hide"),
    ("POST", f"/ops/wishes/{WISH}/erase"),
    ("POST", "/ops/wall/panic"),
    ("GET", "/stage/drills"),
    ("POST", "/stage/drills/slow-parser"),
    ("DELETE", "/stage/drills"),
    ("GET", "/stage/show"),
    ("POST", "/stage/show/panic"),
    ("GET", "/presenter"),
]
SPELLINGS = [
    "/console/",
    "/Console",
    "/CONSOLE",
    "/%63onsole",
    "/consol%65",
    "//console",
    "/./console",
    "/x/../console",
    "/wishes/../console",
    "/wishes/%2e%2e/console",
    "/wishes/..%2fconsole",
    "/wishes/..;/console",
    "/console;x=1",
    "/console?x=1",
    "/console%20",
    "/console%2f",
    "/console#",
    "/local/console",
    "/ops%2fqueue",
    "/ops//queue",
    "/ops/queue/",
    "/OPS/queue",
    f"/wishes/{WISH}/../../ops/queue",
    "http://127.0.0.1/console",
    "http://localhost/ops/queue",
]


@dataclass
class OnLan:
    """A stack that lets the network in: what `up --lan --json` said, and how to ask either of its doors."""

    laptop: Laptop
    facts: dict[str, Any]
    said: str
    http: httpx.Client

    @property
    def here(self) -> str:
        return str(self.facts["url"])

    @property
    def there(self) -> str:
        return str(self.facts["lan"])

    @property
    def address(self) -> str:
        return urlsplit(self.there).hostname or ""

    def status(self, url: str, method: str, path: str, *headers: str) -> int:
        """Send exactly this, and return the status. Host is the client's own doing unless one is given."""
        where = urlsplit(url)
        host = [] if any(each.lower().startswith("host:") for each in headers) else [f"Host: {where.netloc}"]
        lines = [f"{method} {path} HTTP/1.1", *host, *headers, "Connection: close", "Content-Length: 0", "", ""]
        with socket.create_connection((where.hostname, where.port), timeout=60) as connection:
            connection.sendall("\r\n".join(lines).encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        return int(answer.split()[1])

    def answers_phones(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return self.http.get(self.there + "health").status_code == 200
        return False


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """An address of this machine that is not loopback's, and that nobody else can reach: it stands on its interface."""
    if given := os.environ.get("LASTWISH_TEST_ADDRESS"):
        yield given
        return
    command = ["ip", "address", "add", f"{NOBODYS}/32", "dev", "lo"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("giving loopback an address wants Linux and root; or name one of yours in LASTWISH_TEST_ADDRESS")
    yield NOBODYS
    command[2] = "del"
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def on_lan(tmp_path_factory: pytest.TempPathFactory, address: str) -> Iterator[OnLan]:
    laptop = Laptop(tmp_path_factory.mktemp("lan") / "home")
    done = laptop.run("up", "--lan", "--address", address, "--detach", "--json", "--port", "0")
    assert done.returncode == 0, done.stderr
    with httpx.Client(timeout=60, trust_env=False) as http:
        yield OnLan(laptop, json.loads(done.stdout), done.stderr, http)
    laptop.run("down")
    assert laptop.is_clean()


@pytest.fixture(scope="module")
def token(on_lan: OnLan) -> str:
    """The best that anybody could have who tries the wrong door."""
    return sign_in(on_lan.facts)


# --- two doors --------------------------------------------------------------------------------------------------------


def test_up_says_where_phones_get_in(on_lan: OnLan) -> None:
    assert on_lan.address in own_addresses()
    assert urlsplit(on_lan.there).port == urlsplit(on_lan.here).port
    assert on_lan.facts["console"] == on_lan.here + "console"
    assert on_lan.facts["wall"] == on_lan.here + "wall"


def test_only_the_proxy_listens_on_the_network_and_only_at_that_address(on_lan: OnLan) -> None:
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for each in on_lan.laptop.processes()
        for connection in each.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    beyond_loopback = {each for each in listening if each[0] != "127.0.0.1"}

    assert beyond_loopback == {(on_lan.address, urlsplit(on_lan.here).port)}


def test_the_engine_does_not_answer_on_the_network(on_lan: OnLan) -> None:
    port = urlsplit(str(on_lan.facts["engine"])).port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((on_lan.address, port), timeout=5)


def test_the_form_learns_the_phones_address(on_lan: OnLan) -> None:
    key = on_lan.facts["credentials"]["access_key_id"]
    cloudformation = engine_client("cloudformation", Endpoint(str(on_lan.facts["engine"]), key))
    [stack] = cloudformation.describe_stacks(StackName="lastwish-local")["Stacks"]
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}

    assert (parameters["PublicUrl"], parameters["Stage"], parameters["LogLevel"]) == (on_lan.there, "local", "INFO")


@pytest.mark.parametrize("path", ["", "health", "manifest", "wishes?limit=1"])
def test_a_phone_gets_what_the_audience_gets(on_lan: OnLan, path: str) -> None:
    there, here = on_lan.http.get(on_lan.there + path), on_lan.http.get(on_lan.here + path)

    assert (there.status_code, there.content) == (200, here.content)


def test_a_wish_from_a_phone_is_promised_and_boarded(on_lan: OnLan) -> None:
    answer = on_lan.http.post(on_lan.there + "wishes", json={"message": "from row 30", "destination": "jupiter"})
    assert answer.status_code == 202
    wish_id = answer.json()["wish_id"]

    assert wish_id in (on_lan.laptop.home / "ledger.jsonl").read_text()
    assert wait_until(lambda: on_lan.http.get(f"{on_lan.there}wishes/{wish_id}").status_code == 200)


def test_the_hall_votes_from_its_phones_and_from_here(on_lan: OnLan) -> None:
    choices: dict[str, stage.Words] = {"slow-parser": "The parser is slow", "store-refuses": "The store refuses"}
    doors = {on_lan.there: "store-refuses", on_lan.here: "slow-parser"}
    with a_stage(on_lan.laptop) as home:
        stage.open_vote(home, choices, 600)
        for url, choice in doors.items():
            wish = {"message": "and my vote", "destination": "mars"}
            ballot = {"wish_id": on_lan.http.post(url + "wishes", json=wish).json()["wish_id"], "choice": choice}
            vote = on_lan.http.get(url + "stage").json()["vote"]["id"]
            assert on_lan.http.post(url + "stage/vote", json={"vote": vote, **ballot}).status_code == 200

        counts = on_lan.http.get(on_lan.there + "stage").json()["vote"]["counts"]
        assert counts == {"slow-parser": 1, "store-refuses": 1}


def test_a_page_is_compressed_on_its_way_to_a_phone(on_lan: OnLan) -> None:
    plain = on_lan.http.get(on_lan.there, headers={"Accept-Encoding": "identity"})
    small = on_lan.http.get(on_lan.there, headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert small.content == plain.content  # the client has undone it
    assert int(small.headers["content-length"]) < int(plain.headers["content-length"])
    assert "Accept-Encoding" in small.headers["vary"]


# --- the operator's routes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), OPERATORS)
def test_an_operators_route_is_nothing_on_the_network(on_lan: OnLan, token: str, method: str, path: str) -> None:
    assert on_lan.status(on_lan.there, method, path, f"Authorization: Bearer {token}") == 404
    assert on_lan.status(on_lan.here, method, path) != 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", [*SPELLINGS, *(path for _, path in OPERATORS)])
def test_no_spelling_of_one_is_anything_there(on_lan: OnLan, token: str, method: str, path: str) -> None:
    assert on_lan.status(on_lan.there, method, path, f"Authorization: Bearer {token}") in (
        400,
        404,
    )  # 400: not HTTP at all


@pytest.mark.parametrize(
    "headers",
    [
        ["Host: 127.0.0.1"],
        ["Host: localhost"],
        ["Host: LOCALHOST:8045"],
        ["X-Forwarded-Host: 127.0.0.1", "X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1;host=localhost"],
        ["X-Real-IP: 127.0.0.1", "X-Original-URL: /console", "X-HTTP-Method-Override: GET"],
    ],
)
def test_no_header_makes_a_phone_this_machine(on_lan: OnLan, token: str, headers: list[str]) -> None:
    signed = f"Authorization: Bearer {token}"

    assert on_lan.status(on_lan.there, "GET", "/console", signed, *headers) == 404
    assert on_lan.status(on_lan.there, "GET", "/ops/queue", signed, *headers) == 404


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "192.0.2.200:8045", "127.0.0.1.nip.io"])
def test_a_page_under_another_name_does_not_see_them_on_loopback_either(on_lan: OnLan, host: str) -> None:
    assert on_lan.status(on_lan.here, "GET", "/sign-in", f"Host: {host}") == 404
    assert on_lan.status(on_lan.here, "GET", "/health", f"Host: {host}") == 200


# --- a crowd at the phones' door --------------------------------------------------------------------------------------


def test_idle_and_slow_phones_do_not_keep_the_presenter_from_wall_and_panic(on_lan: OnLan, token: str) -> None:
    idle = min(IDLE, allow_open_files(IDLE + 500) - 500)
    # From several addresses, where loopback has them: they fill what all of them may have together.
    sources = [f"127.0.0.{number}" for number in range(1, 6)] if on_lan.address == NOBODYS else [""]
    with (
        connected(on_lan.there, SLOW) as slow,
        dripping(slow[: SLOW // 2], HEAD + b"X: "),
        dripping(slow[SLOW // 2 :], BODY),
        connected(on_lan.there, idle, sources) as crowd,
    ):
        for on in (True, False):
            assert on_lan.http.get(on_lan.here + "wall").status_code == 200
            assert on_lan.http.get(on_lan.here + "wishes?limit=10").status_code == 200
            panic = {"url": on_lan.here + "ops/wall/panic", "headers": {"Authorization": f"Bearer {token}"}}
            assert on_lan.http.post(**panic, json={"on": on}).json() == {"on": on}

        assert wait_until(lambda: alive(crowd) == 0)
        assert wait_until(on_lan.answers_phones)


def test_the_phones_process_comes_back_when_it_is_killed_and_the_presenter_does_not_notice(on_lan: OnLan) -> None:
    stack = Stack(on_lan.laptop, **on_lan.facts)
    before = {part: stack.pid(part) for part in ("engine", "agent", "proxy", "network")}
    stack.kill("network")
    assert on_lan.http.get(on_lan.here + "health").status_code == 200

    assert wait_until(on_lan.answers_phones)
    assert wait_until(stack.works)
    assert {part for part, pid in before.items() if stack.pid(part) != pid} == {"network"}


# --- what is told ----------------------------------------------------------------------------------------------------


def test_status_tells_where_phones_get_in(on_lan: OnLan) -> None:
    said = json.loads(on_lan.laptop.run("status", "--json").stdout)

    assert (said["lan"], said["health"]["lan"]) == (on_lan.there, "ok")


def test_a_new_password_for_the_presenter_is_what_status_tells(on_lan: OnLan) -> None:
    new = json.loads(on_lan.laptop.run("operator", "add", "presenter", "--json").stdout)
    said = json.loads(on_lan.laptop.run("status", "--json").stdout)

    assert said["operator"] == {"username": "presenter", "password": new["password"]}
    assert sign_in(said)


def test_with_json_no_code_is_drawn(on_lan: OnLan) -> None:
    assert "█" not in on_lan.said


def test_up_with_another_address_moves_the_stack_and_keeps_its_wishes(
    on_lan: OnLan, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In a directory of its own: afterwards it stands on another address."""
    if not (others := [each for each, up in own_addresses().items() if up and each != on_lan.address]):
        pytest.skip("this machine has one address on a network")
    stack = start_detached(Laptop(tmp_path_factory.mktemp("moving") / "home"))
    wish = json.loads(stack.run("submit", "wherever you go", "--to", "mars", "--json").stdout)["wish_id"]
    moved = json.loads(stack.run("up", "--lan", "--address", others[0], "--detach", "--json").stdout)

    assert urlsplit(moved["lan"]).hostname == others[0]
    assert (moved["url"], moved["operator"]) == (stack.url, stack.operator)
    assert on_lan.http.get(f"{moved['lan']}wishes/{wish}").json()["status"] == "boarded"
    assert stack.works()
    stack.run("down")
    assert stack.laptop.is_clean()


# --- start and end ---------------------------------------------------------------------------------------------------


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
