"""Which requests the gateway of template.yaml has a route for, and its own responses."""

from pathlib import Path

import pytest

from lastwish.errors import TemplateError
from lastwish.local.proxy.gateway import Gateway, pattern, read, unambiguous
from tests.support import ROOT

WISH = b"/wishes/7f2c5bd6-14a4-4b9d-a64f-05f6c5be9dcf"


@pytest.fixture(scope="module")
def gateway() -> Gateway:
    return read(ROOT / "template.yaml")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", b"/"),
        ("HEAD", b"/"),
        ("GET", b"/health"),
        ("GET", b"/assets/style.css"),
        ("POST", b"/wishes"),
        ("GET", WISH),
        ("GET", b"/wishes/not-an-id"),
        ("GET", b"/wishes/%F0%9F%90%8B"),
    ],
)
def test_a_route_of_the_template_exists(gateway: Gateway, method: str, path: bytes) -> None:
    assert gateway.route(method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", b"/_ministack/health"),
        ("POST", b"/_ministack/reset"),
        ("GET", b"/_aws/execute-api/abc/local/"),
        ("GET", b"/2015-03-31/functions"),
        ("GET", b"/assets/"),
        ("GET", b"/assets/a/b"),
        ("GET", b"/health/"),
        ("GET", b"/Health"),
        ("GET", b"/he%61lth"),
        ("POST", b"/"),
        ("DELETE", WISH),
        ("OPTIONS", b"/wishes"),
        ("get", b"/"),
        ("TRACE", b"/"),
        ("GET", b"http://127.0.0.1/health"),
        ("GET", b"*"),
        ("GET", b""),
    ],
)
def test_a_path_that_the_template_does_not_name_has_no_route(gateway: Gateway, method: str, path: bytes) -> None:
    assert not gateway.route(method, path)


@pytest.mark.parametrize(
    "segment",
    [
        b"..",
        b".",
        b"%2e%2e",
        b"%2E.",
        b".%2e",
        b"..%2f..%2f_ministack%2fhealth",
        b"a%2Fb",
        b"a%5cb",
        b"a\\b",
        b"%252e%252e",
        b"%00",
        b"%0d%0aHost:%20sqs",
        b"%7f",
        b"a\x00b",
        b"a b",
        b"a\tb",
        b"\xc3\xa9",
        b"a%",
        b"a%zz",
        b"a#b",
        b"a?b",
    ],
)
def test_a_path_that_can_be_read_as_another_has_no_route(gateway: Gateway, segment: bytes) -> None:
    assert not gateway.route("GET", b"/assets/" + segment)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (b"/nowhere", b"/-"),
        (b"/console", b"/-"),
        (b"/%63onsole", b"/-"),
        (b"/ops/queue/", b"/-/-/"),
        (b"/_ministack/health", b"/-/-"),
        (b"/wishes/1/2/3", b"/-/-/-/-"),
    ],
)
def test_of_an_unknown_path_the_engine_gets_the_depth_only(gateway: Gateway, path: bytes, asked: bytes) -> None:
    route, target = gateway.nowhere("GET", path)

    assert route is not None
    assert (route.path, target) == ("/{proxy+}", asked)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", b"/nowhere"), ("GET", b"//"), ("GET", b"/a/%2e%2e"), ("GET", b"")]
)
def test_what_the_catch_all_does_not_answer(gateway: Gateway, method: str, path: bytes) -> None:
    assert gateway.nowhere(method, path)[0] is None


@pytest.mark.parametrize(
    "path", [b"//", b"//health", b"/assets//a", b"/assets/../health", b"/./health", b"/assets/a/.."]
)
def test_empty_and_dot_segments_are_ambiguous_anywhere(path: bytes) -> None:
    assert not unambiguous(path)


def test_the_gateways_own_responses_are_those_of_the_template(gateway: Gateway) -> None:
    response = gateway.responses["MISSING_AUTHENTICATION_TOKEN"]

    assert response.status == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.body == (
        b'{"type":"urn:lastwish:problem:not-found","title":"Not found","status":404,'
        b'"detail":"There is nothing at this path."}'
    )


@pytest.mark.parametrize("kind", ["THROTTLED", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"])
def test_a_temporary_refusal_says_when_to_come_back(gateway: Gateway, kind: str) -> None:
    assert gateway.responses[kind].headers["retry-after"].isdecimal()


def test_a_parameter_is_one_segment_and_the_rest_is_literal() -> None:
    compiled = pattern("/a.b/{one}/c")

    assert compiled.fullmatch(b"/a.b/x/c")
    assert not compiled.fullmatch(b"/aXb/x/c")
    assert not compiled.fullmatch(b"/a.b//c")
    assert not compiled.fullmatch(b"/a.b/x/y/c")


# --- routes of the operator's -----------------------------------------------------------------------------------------

TEMPLATE = """
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {{ GatewayResponses: {{}} {api} }}
  Pages:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Form: {{ Type: Api, Properties: {{ Method: GET, Path: / }} }}
        Any: {{ Type: Api, Properties: {{ Method: GET, Path: "/{{page}}" }} }}
        Token: {{ Type: Api, Properties: {{ Method: GET, Path: /ops/mission, Auth: {{ Authorizer: Operators }} }} }}
  Console:
    Type: AWS::Serverless::Function
    Metadata: {{ BuildMethod: makefile, LoopbackOnly: {only} }}
    Properties:
      Events:
        Console: {{ Type: Api, Properties: {{ Method: GET, Path: /console }} }}
        Hide: {{ Type: Api, Properties: {{ Method: POST, Path: "/ops/wishes/{{wish_id}}/hide" }} }}
"""
HIDE = b"/ops" + WISH + b"/hide"
OPERATORS = [("GET", b"/console"), ("HEAD", b"/console"), ("POST", HIDE), ("GET", b"/ops/mission")]


def read_template(tmp_path: Path, only: str = "true", api: str = "") -> Gateway:
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE.format(only=only, api=api))
    return read(template)


@pytest.mark.parametrize("host", [b"127.0.0.1", b"127.0.0.1:8045", b"localhost", b"LocalHost:9000"])
@pytest.mark.parametrize(("method", "path"), OPERATORS)
def test_an_operators_route_passes_on_this_machine(tmp_path: Path, method: str, path: bytes, host: bytes) -> None:
    assert read_template(tmp_path).route(method, path, host)


@pytest.mark.parametrize("host", [b"127.0.0.1", b"localhost", b"192.0.2.2:8045"])
@pytest.mark.parametrize(("method", "path"), OPERATORS)
def test_an_operators_route_is_none_on_the_network(tmp_path: Path, method: str, path: bytes, host: bytes) -> None:
    assert not read_template(tmp_path).for_network().route(method, path, host)


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"evil.example",
        b"127.0.0.1.evil.example",
        b"localhost.evil.example:8045",
        b"evil.example:80@127.0.0.1",
        b"127.0.0.1:",
        b"127.0.0.1\n",
        b"2130706433",
        b"0.0.0.0",
        b"[::1]",
    ],
)
def test_a_name_that_points_here_by_a_trick_is_not_this_machine(tmp_path: Path, host: bytes) -> None:
    assert not read_template(tmp_path).route("GET", b"/console", host)


@pytest.mark.parametrize("host", [b"", b"evil.example", b"192.0.2.2:8045"])
def test_the_audience_may_come_by_any_name(tmp_path: Path, host: bytes) -> None:
    gateway = read_template(tmp_path)

    assert gateway.route("GET", b"/", host)
    assert gateway.for_network().route("GET", b"/", host)


def test_a_public_pattern_that_fits_too_opens_nothing(tmp_path: Path) -> None:
    gateway = read_template(tmp_path).for_network()

    assert gateway.route("GET", b"/anything")
    assert not gateway.route("GET", b"/console", b"127.0.0.1")


@pytest.mark.parametrize("only", ['"true"', "yes please", "1", "!Ref Public"])
def test_a_mark_that_is_neither_true_nor_false_is_a_plain_error(tmp_path: Path, only: str) -> None:
    with pytest.raises(TemplateError, match="LoopbackOnly is true or false"):
        read_template(tmp_path, only)


def test_a_function_without_the_mark_is_the_audiences(tmp_path: Path) -> None:
    assert read_template(tmp_path, "false").for_network().route("POST", HIDE)


def test_the_size_from_which_bodies_are_compressed_is_the_templates(tmp_path: Path) -> None:
    assert read_template(tmp_path).compress_from is None
    assert read_template(tmp_path, api=", MinimumCompressionSize: 1024").compress_from == 1024
    with pytest.raises(TemplateError):
        read_template(tmp_path, api=", MinimumCompressionSize: !Ref Size")


# --- files that are no template ---------------------------------------------------------------------------------------


def test_a_template_that_cannot_be_read_is_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="cannot read"):
        read(tmp_path / "none.yaml")


def test_yaml_without_an_api_is_a_plain_error(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {Queue: {Type: AWS::SQS::Queue}}\n")

    with pytest.raises(TemplateError, match="not a SAM template with one API"):
        read(template)


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("POST", b"/wishes", ("POST", "/wishes")),
        ("GET", b"/wishes/7f2c5bd6", ("GET", "/wishes/{wish_id}")),
        ("HEAD", b"/wishes/7f2c5bd6", ("GET", "/wishes/{wish_id}")),
        ("GET", b"/nothing/here", None),
    ],
)
def test_a_request_is_known_by_the_route_of_the_template(
    method: str, path: bytes, route: tuple[str, str] | None
) -> None:
    found = read(ROOT / "template.yaml").route(method, path)

    assert (found and (found.method, found.path)) == route


def test_the_most_literal_of_several_routes_counts(tmp_path: Path) -> None:
    text = TEMPLATE.format(only="false", api="")
    (tmp_path / "template.yaml").write_text(text.replace("Path: /console", "Path: /a").replace("{page}", "{any}"))
    gateway = read(tmp_path / "template.yaml")

    found = [gateway.route("GET", path) for path in (b"/a", b"/b")]

    assert [route and route.path for route in found] == ["/a", "/{any}"]
