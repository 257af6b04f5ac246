"""What Parameter Store has counts within seconds, and a wish never waits for it or fails by it (decision 0039)."""

import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from domain.envelope import read_story
from domain.events import Event, WishAccepted, WishHeld, WishRejected
from tests.support import faults
from tests.support.aws import Aws
from tests.support.functions import Invoke, Log, load
from tests.support.samples import sample
from tests.support.template import resources

PATH = "/lastwish/test/"
WISH = "parser-good-wish"  # it speaks of whales

type Decide = Callable[[], list[Event]]


@pytest.fixture
def parser(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("PARAMETER_PATH", PATH)
    return load("parser")


@pytest.fixture
def decide(aws: Aws, parser: ModuleType, invoke: Invoke) -> Decide:
    """Return the decisions on a wish, at a time when what was read before is too old."""

    def decide() -> list[Event]:
        parser.parameters.clear_cache()
        assert invoke(parser, sample(WISH)) == {"batchItemFailures": []}
        [message] = aws.messages("Pods")
        return [envelope.event() for envelope in read_story(message["Body"])[1:]]

    return decide


@pytest.fixture
def asked(parser: ModuleType) -> list[Any]:
    """The names of each call."""
    calls: list[Any] = []
    parser.parameters.client.meta.events.register(
        "provide-client-params.ssm.*", lambda params, **_: calls.append(params["Names"])
    )
    return calls


def put(name: str, value: str) -> None:
    boto3.client("ssm").put_parameter(Name=PATH + name, Value=value, Type="String", Overwrite=True)


def delete(name: str) -> None:
    boto3.client("ssm").delete_parameter(Name=PATH + name)


def test_a_word_is_held_while_it_is_in_the_store(decide: Decide) -> None:
    assert decide() == [WishAccepted()]
    put("HeldWords", "teapot, whales")
    assert decide() == [WishAccepted(), WishHeld(reason="word")]
    delete("HeldWords")
    assert decide() == [WishAccepted()]


def test_a_destination_is_closed_while_it_is_in_the_store(decide: Decide) -> None:
    put("ClosedDestinations", "mars,jupiter")
    assert decide() == [WishRejected(reason="boarding-closed")]
    put("ClosedDestinations", "-")
    assert decide() == [WishAccepted()]


@pytest.fixture
def deployed_word(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the parser starts."""
    monkeypatch.setenv("HELD_WORDS", "whales")


def test_what_is_deployed_counts_where_the_store_has_nothing(deployed_word: None, decide: Decide) -> None:
    assert decide() == [WishAccepted(), WishHeld(reason="word")]
    put("HeldWords", "-")
    assert decide() == [WishAccepted()]


def test_batches_of_the_same_seconds_share_one_call_for_exactly_these_names(
    parser: ModuleType, invoke: Invoke, asked: list[Any]
) -> None:
    invoke(parser, sample(WISH))
    invoke(parser, sample(WISH))
    assert asked == [[f"{PATH}ClosedDestinations", f"{PATH}HeldWords"]]


def test_the_role_allows_these_names_and_no_others(decide: Decide, asked: list[Any]) -> None:
    decide()
    [policy] = resources("AWS::IAM::Role")["ParserRole"]["Properties"]["Policies"]
    [statement] = [each for each in policy["PolicyDocument"]["Statement"] if each["Sid"] == "ReadParameters"]
    arn = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
    allowed = {each["Fn::Sub"].replace("${ParameterPath}", PATH) for each in statement["Resource"]}
    assert (statement["Action"], allowed) == ("ssm:GetParameters", {arn + name for name in asked[0]})


def refused(client: Any) -> None:
    """Every read is refused, as without the right to it."""
    error = ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, "GetParameters")

    def refuse(**_: Any) -> None:
        raise error

    client.meta.events.register_first("before-send.ssm.GetParameters", refuse)


def unreachable(client: Any) -> None:
    faults.unreachable(client, "ssm.GetParameters")


@pytest.mark.parametrize(
    ("break_it", "reason"), [(refused, "AccessDeniedException"), (unreachable, "ReadTimeoutError")]
)
def test_where_the_store_cannot_be_read_the_last_words_count_and_it_is_said(
    parser: ModuleType, decide: Decide, log: Log, break_it: Callable[[Any], None], reason: str
) -> None:
    put("HeldWords", "whales")
    assert decide() == [WishAccepted(), WishHeld(reason="word")]
    delete("HeldWords")
    break_it(parser.parameters.client)
    log.lines()
    assert decide() == [WishAccepted(), WishHeld(reason="word")]
    lines = log.lines()
    [warning] = [line for line in lines if line.get("level") == "WARNING"]
    assert (warning["message"], warning["reason"]) == ("settings may be out of date", reason)
    assert [line["SettingsUnread"] for line in lines if "SettingsUnread" in line] == [[1.0]]


def test_where_the_store_could_never_be_read_what_is_deployed_counts(
    deployed_word: None, parser: ModuleType, decide: Decide
) -> None:
    refused(parser.parameters.client)
    assert decide() == [WishAccepted(), WishHeld(reason="word")]


def test_a_read_that_failed_is_not_tried_again_for_the_next_batch(
    parser: ModuleType, invoke: Invoke, asked: list[Any]
) -> None:
    unreachable(parser.parameters.client)
    invoke(parser, sample(WISH))
    invoke(parser, sample(WISH))
    assert len(asked) == 1


def test_without_a_path_nothing_of_it_is_imported(aws: Aws) -> None:
    statement = "import parser.handler, sys; print('infra.parameters' in sys.modules, parser.handler.parameters)"
    done = subprocess.run([sys.executable, "-c", statement], cwd="src", capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "None"]
