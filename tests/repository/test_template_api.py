"""Check API, roles, parameters and outputs of template.yaml for what linters do not see."""

import json
import re
import tomllib
from typing import Any

import pytest

from tests.support.template import TEMPLATE, load, resources
from web import problems

API = load()["Resources"]["Api"]["Properties"]
RESPONSES: dict[str, dict[str, Any]] = API["GatewayResponses"]
# The frontend's own problems by status. It never answers 429.
OURS = {
    int(problem.status): json.loads(problem.body())
    for problem in (problems.not_found(), problems.too_large(8192), problems.unavailable())
}
TYPED = re.compile("body|message|payload|querystring", re.IGNORECASE)


def problem_of(response: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a gateway response as API Gateway fills it in: its variable has quotes of its own."""
    (template,) = response["ResponseTemplates"].values()
    problem: dict[str, Any] = json.loads(template.replace("$context.error.messageString", '"Forbidden"'))
    return problem


def access_log() -> dict[str, str]:
    """Return one line of the access log, with its variables."""
    condition, on_aws, _ = API["AccessLogSetting"]["Fn::If"]
    assert condition == "OnAws"
    line: dict[str, str] = json.loads(on_aws["Format"])
    return line


def test_the_api_is_traced() -> None:
    assert API["TracingEnabled"] is True


def test_the_access_log_is_one_json_object_in_one_line() -> None:
    assert "\n" not in API["AccessLogSetting"]["Fn::If"][1]["Format"]
    assert {"extendedRequestId", "status", "path", "traceId"} <= set(access_log())


def test_the_access_log_has_no_id_of_a_wish_and_no_address_of_a_person() -> None:
    assert access_log()["path"] == "$context.resourcePath"  # as the template has it: /wishes/{wish_id}
    assert not re.search(r"\$context\.(path|identity)", "".join(access_log().values()))


def test_the_access_log_has_nothing_that_a_person_typed() -> None:
    for name, variable in access_log().items():
        assert re.fullmatch(r"\$context\.[a-zA-Z.]+", variable)
        assert not TYPED.search(name + variable)


SETTINGS = {(each["ResourcePath"], each["HttpMethod"]): each for each in API["MethodSettings"]}


def test_every_method_is_throttled_by_the_parameters() -> None:
    settings = SETTINGS["/*", "*"]
    assert settings["ThrottlingRateLimit"] == {"Ref": "ThrottleRate"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "ThrottleBurst"}


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/sign-in"), ("GET", "/wishes/{wish_id}/trace"), ("GET", "/{proxy+}")]
)
def test_what_costs_more_than_it_is_needed_has_a_throttle_of_its_own(method: str, path: str) -> None:
    settings = SETTINGS["/" + path.replace("/", "~1"), method]  # CloudFormation's form of a path
    assert 0 < settings["ThrottlingRateLimit"] < load()["Parameters"]["ThrottleRate"]["Default"]
    assert 0 < settings["ThrottlingBurstLimit"] < load()["Parameters"]["ThrottleBurst"]["Default"]


def test_settings_are_of_methods_that_exist() -> None:
    functions = resources("AWS::Serverless::Function").values()
    events = [event["Properties"] for function in functions for event in function["Properties"]["Events"].values()]
    routes = {("/" + each["Path"].replace("/", "~1"), each["Method"]) for each in events if "Path" in each}
    assert set(SETTINGS) - {("/*", "*")} <= routes


def test_requests_are_measured_and_not_logged_in_full() -> None:
    for settings in SETTINGS.values():  # those of one method replace those of the stage
        assert (settings["MetricsEnabled"], settings["DataTraceEnabled"]) == (True, False)


@pytest.mark.parametrize("kind", RESPONSES)
def test_api_gateways_own_answers_are_problem_documents(kind: str) -> None:
    response = RESPONSES[kind]
    headers = response["ResponseParameters"]["Headers"]
    assert headers["Content-Type"] == "'application/problem+json'"
    assert headers["Cache-Control"] == "'no-store'"
    problem = problem_of(response)
    assert problem["title"]
    assert problem["type"] == "about:blank" or problem["type"].startswith("urn:lastwish:problem:")
    assert problem.get("status") == response.get("StatusCode")


@pytest.mark.parametrize("kind", [kind for kind, response in RESPONSES.items() if response.get("StatusCode") in OURS])
def test_api_gateway_says_the_same_as_the_frontend(kind: str) -> None:
    assert problem_of(RESPONSES[kind]) == OURS[RESPONSES[kind]["StatusCode"]]


@pytest.mark.parametrize("kind", [kind for kind, each in RESPONSES.items() if each.get("StatusCode") in (429, 503)])
def test_an_answer_that_allows_a_retry_has_retry_after(kind: str) -> None:
    assert re.fullmatch(r"'\d+'", RESPONSES[kind]["ResponseParameters"]["Headers"]["Retry-After"])


def test_every_kind_of_error_has_a_gateway_response() -> None:
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "MISSING_AUTHENTICATION_TOKEN", "THROTTLED"} <= set(RESPONSES)


def test_every_role_trusts_one_service_and_nobody_else() -> None:
    for role in resources("AWS::IAM::Role").values():
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Action"] == "sts:AssumeRole"
        assert list(statement["Principal"]) == ["Service"]


def allowed(role: str) -> dict[str, list[str]]:
    """Return the actions that a role allows on each table."""
    (policy,) = load()["Resources"][role]["Properties"]["Policies"]
    found: dict[str, set[str]] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if actions[0].startswith("dynamodb:"):
            names = {name.removeprefix("dynamodb:") for name in actions}
            of = statement["Resource"]
            for resource in of if isinstance(of, list) else [of]:
                if "Fn::GetAtt" in resource:  # an index follows its table
                    found.setdefault(resource["Fn::GetAtt"][0], set()).update(names)
    return {table: sorted(names) for table, names in found.items()}


def test_the_worker_may_put_get_and_query_commits_lease_seats_and_nothing_more() -> None:
    assert allowed("WorkerRole") == {
        "EventStore": ["BatchGetItem", "PutItem", "Query"],
        "Seats": ["UpdateItem"],
    }


def test_only_worker_and_console_write_to_the_event_store() -> None:
    roles = [name for name, role in resources("AWS::IAM::Role").items() if "Policies" in role["Properties"]]
    may_write = [name for name in roles if set(allowed(name).get("EventStore", [])) & {"PutItem", "UpdateItem"}]
    assert sorted(may_write) == ["ConsoleRole", "WorkerRole"]


def test_of_the_read_model_the_console_may_change_nothing_but_the_pointer() -> None:
    (policy,) = load()["Resources"]["ConsoleRole"]["Properties"]["Policies"]
    changing = [each for each in policy["PolicyDocument"]["Statement"] if "dynamodb:UpdateItem" in each["Action"]]
    (blank,) = [each for each in changing if each["Resource"] == {"Fn::GetAtt": ["ReadModel", "Arn"]}]
    assert blank["Condition"]["ForAllValues:StringEquals"] == {"dynamodb:LeadingKeys": ["pointer"]}


def test_operators_routes_require_a_token_and_the_audiences_do_not() -> None:
    routes = {
        (event["Properties"]["Method"], event["Properties"]["Path"]): event["Properties"].get("Auth")
        for function in resources("AWS::Serverless::Function").values()
        for event in function["Properties"]["Events"].values()
        if event["Type"] == "Api"
    }
    guarded = {path for (_, path), auth in routes.items() if auth == {"Authorizer": "Operators"}}
    assert guarded == {path for _, path in routes if path.startswith(("/ops/", "/console"))}
    assert not any(auth for (_, path), auth in routes.items() if path not in guarded)


def test_the_frontend_only_reads_tables() -> None:
    assert {action for actions in allowed("FrontendRole").values() for action in actions} == {
        "BatchGetItem",
        "GetItem",
        "Query",
    }


def test_the_event_store_streams_its_commits() -> None:
    stream = load()["Resources"]["EventStore"]["Properties"]["StreamSpecification"]
    assert stream["StreamViewType"] in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES")


def test_every_event_source_mapping_is_an_event_of_a_function() -> None:
    assert resources("AWS::Lambda::EventSourceMapping") == {}


def test_the_outputs_are_those_that_others_rely_on() -> None:
    outputs = load()["Outputs"]
    assert {"ApiUrl", "InboxUrl", "InboxDlqUrl", "PodsUrl", "PodsDlqUrl", "EventStoreName"} <= set(outputs)
    assert all(output["Value"] for output in outputs.values())
    assert not any("Condition" in output for output in outputs.values())


def test_every_parameter_has_a_default() -> None:
    parameters = load()["Parameters"]
    assert {"Stage", "Architecture", "LogLevel", "ThrottleRate", "ThrottleBurst"} <= set(parameters)
    assert all("Default" in parameter for parameter in parameters.values())


def test_both_architectures_are_allowed() -> None:
    assert load()["Parameters"]["Architecture"]["AllowedValues"] == ["arm64", "x86_64"]


def test_samconfig_sets_only_parameters_that_exist() -> None:
    config = tomllib.loads((TEMPLATE.parent / "samconfig.toml").read_text())
    environments = [each["deploy"]["parameters"] for each in config.values() if isinstance(each, dict)]
    assert any(each["parameter_overrides"] for each in environments)
    for each in environments:
        known = load(TEMPLATE.parent / each.get("template_file", TEMPLATE.name)).get("Parameters", {})
        assert {pair.partition("=")[0] for pair in each["parameter_overrides"]} <= set(known)
