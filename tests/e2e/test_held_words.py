"""Held words and closed destinations change while the stack runs, without a deploy (decision 0039)."""

from collections.abc import Iterator

import pytest

from lastwish.local import faults
from lastwish.local.faults import Fault
from tests.support.deployed_chain import DeployedChain
from tests.support.laptop import Laptop, Stack, start_detached, wait_until

PATH = "/lastwish/local/"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that reads Parameter Store."""
    laptop = Laptop(tmp_path_factory.mktemp("held") / "home", {"LASTWISH_PARAMETER_PATH": PATH})
    yield start_detached(laptop)
    laptop.run("down")


@pytest.fixture(scope="module")
def chain(stack: Stack) -> Iterator[DeployedChain]:
    with DeployedChain(stack) as chain:
        yield chain


def put(stack: Stack, name: str, value: str) -> None:
    stack.aws("ssm").put_parameter(Name=PATH + name, Value=value, Type="String", Overwrite=True)


def becomes(chain: DeployedChain, text: str, fact: str, value: str) -> bool:
    """Send a text until a wish is judged so: what was read before may count for some seconds."""
    return wait_until(lambda: chain.told(chain.post(text))[fact] == value)


def test_a_word_is_held_while_it_is_in_the_store(stack: Stack, chain: DeployedChain) -> None:
    put(stack, "HeldWords", "unobtainium")
    assert becomes(chain, "a lump of unobtainium", "visibility", "held")
    assert chain.told(chain.post("a lump of coal"))["visibility"] != "held"
    stack.aws("ssm").delete_parameter(Name=f"{PATH}HeldWords")
    assert becomes(chain, "a lump of unobtainium", "visibility", "pending")


def test_a_ship_leaves_during_the_show(stack: Stack, chain: DeployedChain) -> None:
    put(stack, "ClosedDestinations", "mars")
    assert becomes(chain, "wait for me", "status", "rejected")
    assert chain.told(chain.post("wait for me", destination="jupiter"))["status"] == "boarded"
    put(stack, "ClosedDestinations", "-")
    assert becomes(chain, "wait for me", "status", "boarded")


def test_where_the_store_is_refused_wishes_go_on_by_the_last_words(stack: Stack, chain: DeployedChain) -> None:
    put(stack, "HeldWords", "vibranium")
    assert becomes(chain, "a lump of vibranium", "visibility", "held")
    faults.inject(stack.endpoint, Fault(kind="refuse", error="access_denied", service="ssm", seconds=600))
    stack.aws("ssm").delete_parameter(Name=f"{PATH}HeldWords")

    def refused() -> bool:
        chain.told(chain.post("a lump of coal"))
        return faults.active(stack.endpoint)[0].hits > 0

    assert wait_until(refused)
    told = chain.told(chain.post("a lump of vibranium"))
    assert (told["status"], told["visibility"]) == ("boarded", "held")
    faults.end(stack.endpoint)
    assert becomes(chain, "a lump of vibranium", "visibility", "pending")
