"""Check the edge: what there is of it with which parameters, whom the firewall lets in, where a domain leads."""

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest

from frontend.submission import MAX_BYTES
from tests.support.conditions import Deployment
from tests.support.template import EDGE, load, resources, routes
from web import problems
from web.static_files import asset_path

DEV = {"Stage": "dev"}
CDN, WAF, LOGS = {"Cdn": "true"}, {"Waf": "true"}, {"CdnLogs": "true"}
DOMAIN = {"DomainName": "wish.example.com", "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c"}

CLOUDFRONT = {name for name, each in load(EDGE)["Resources"].items() if each["Type"].startswith("AWS::CloudFront::")}
BUCKET = {"CdnLogsBucket", "CdnLogsPolicy"}
FIREWALL = {"WebAcl", "WebAclOnStage"}
ON_STAGE = {"Domain", "DomainOnStage"}


def edge(**parameters: str) -> Deployment:
    """The nested stack, with what the main one passes when it has these parameters."""
    main = Deployment(load(), DEV | parameters)
    passed = load()["Resources"]["Edge"]["Properties"]["Parameters"]
    values = {name: str(main.parameters.get(name, "given")) for name in passed}
    return Deployment(load(EDGE), values)


def rules(deployment: Deployment) -> dict[str, Any]:
    return {rule["Name"]: rule for rule in deployment.properties("WebAcl")["Rules"]}


# --- what there is ----------------------------------------------------------------------------------------------------
def test_by_default_there_is_no_edge() -> None:
    assert "Edge" not in Deployment(load(), DEV).resources()
    assert edge().resources() == set()


@pytest.mark.parametrize("wanted", [CDN, WAF, DOMAIN, CDN | WAF | LOGS | DOMAIN])
def test_a_parameter_that_asks_for_a_part_makes_the_edge_on_aws_only(wanted: dict[str, str]) -> None:
    assert "Edge" in Deployment(load(), DEV | wanted).resources()
    assert "Edge" not in Deployment(load(), {"Stage": "local"} | wanted).resources()


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        (CDN, CLOUDFRONT | FIREWALL | {"OriginSecret"}),
        (WAF, FIREWALL),
        (DOMAIN, ON_STAGE),
        (LOGS, set()),
        (CDN | LOGS, CLOUDFRONT | FIREWALL | {"OriginSecret"} | BUCKET),
        (CDN | WAF | LOGS | DOMAIN, CLOUDFRONT | FIREWALL | {"OriginSecret"} | BUCKET),
        (WAF | DOMAIN, FIREWALL | ON_STAGE),
    ],
)
def test_each_parameter_makes_its_own_part(wanted: dict[str, str], made: set[str]) -> None:
    assert edge(**wanted).resources() == made


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        (WAF, set()),
        (CDN, {"OnlyThroughTheCdn"}),
        (CDN | WAF, {"OnlyThroughTheCdn", "TooLarge", "KnownBadInputs", "OneAddress", "OneAddressPastTheCdn"}),
    ],
)
def test_the_firewall_has_the_rules_that_were_asked_for(wanted: dict[str, str], named: set[str]) -> None:
    assert set(rules(edge(**wanted))) == (named or {"TooLarge", "KnownBadInputs", "OneAddress"})


def test_the_firewall_stands_on_the_stage_and_waits_for_it() -> None:
    properties = load(EDGE)["Resources"]["WebAclOnStage"]["Properties"]
    assert properties["ResourceArn"]["Fn::Sub"].endswith("::/restapis/${Api}/stages/${Stage}")
    assert load()["Resources"]["Edge"]["Properties"]["Parameters"]["Stage"] == {"Ref": "Api.Stage"}
    assert load(EDGE)["Resources"]["WebAcl"]["Properties"]["Scope"] == "REGIONAL"


# --- only through the cdn ---------------------------------------------------------------------------------------------
def closes() -> list[Any]:
    """The two statements of which a refused request fails both."""
    rule = rules(edge(**CDN))["OnlyThroughTheCdn"]
    assert rule["Action"] == {"Block": {}}
    assert rule["Priority"] == min(each["Priority"] for each in rules(edge(**CDN, **WAF)).values())
    return [each["NotStatement"]["Statement"] for each in rule["Statement"]["AndStatement"]["Statements"]]


def test_the_stage_knows_cloudfront_by_a_secret_that_nobody_has_chosen() -> None:
    knows = closes()[0]["ByteMatchStatement"]
    (origin,) = edge(**CDN).properties("Distribution")["DistributionConfig"]["Origins"]
    (header,) = origin["OriginCustomHeaders"]
    assert knows["FieldToMatch"]["SingleHeader"]["Name"] == header["HeaderName"]
    assert knows["SearchString"] == header["HeaderValue"] == {"Fn::Sub": "{{resolve:secretsmanager:${OriginSecret}}}"}
    assert knows["PositionalConstraint"] == "EXACTLY"
    generated = edge(**CDN).properties("OriginSecret")["GenerateSecretString"]
    assert generated["PasswordLength"] >= 32
    assert generated["ExcludePunctuation"] is True  # it is a header's value


def passes(path: str, stage: str = "dev") -> bool:
    """Tell if the stage may be asked for this path directly."""
    expression = closes()[1]["RegexMatchStatement"]["RegexString"]["Fn::Sub"].replace("${Stage}", stage)
    return re.search(expression, path) is not None


def examples(paths: Iterable[tuple[str, str]]) -> list[str]:
    wish, trace = "5b0e9a7e-0000-4000-8000-000000000000", "1-5759e988-bd862e3fe1be46a994272793"
    return sorted({path.format(wish_id=wish, trace_id=trace, file="f.js") for _, path in paths})


@pytest.mark.parametrize("path", examples(routes(operators=True)))
def test_operators_reach_the_stage_directly(path: str) -> None:
    assert passes(f"/dev{path}")
    assert passes(path)


@pytest.mark.parametrize("name", ["console.js", "console.css", "mission-chart.js", "icon.svg"])
def test_so_do_the_files_of_their_pages(name: str) -> None:
    assert passes(f"/dev/{asset_path(name)}")


@pytest.mark.parametrize("path", [each for each in examples(routes(operators=False)) if each != "/assets/f.js"])
def test_what_is_the_audiences_is_closed(path: str) -> None:
    assert not passes(f"/dev{path}")
    assert not passes(path)


@pytest.mark.parametrize(
    "path",
    [
        "/dev/ops/../wishes",
        "/dev/ops/%2e%2e/wishes",
        "/dev/assets/../wishes",
        "/dev/assets/..",
        "/dev/sign-in/../wishes",
        "/other/sign-in",
        "/dev/wishes/sign-in",
        "/dev/wishes\n/dev/sign-in",
        "/dev/console/",
    ],
)
def test_no_path_that_begins_as_theirs_leads_elsewhere(path: str) -> None:
    assert not passes(path)


# --- the other rules --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rule", "status", "problem"),
    [
        ("TooLarge", 413, json.loads(problems.too_large(MAX_BYTES).body())),
        (
            "OneAddress",
            429,
            json.loads(
                load()["Resources"]["Api"]["Properties"]["GatewayResponses"]["THROTTLED"]["ResponseTemplates"][
                    "application/json"
                ]
            ),
        ),
    ],
)
def test_the_firewall_answers_as_the_service_does(rule: str, status: int, problem: dict[str, Any]) -> None:
    answer = rules(edge(**WAF))[rule]["Action"]["Block"]["CustomResponse"]
    bodies = edge(**WAF).properties("WebAcl")["CustomResponseBodies"]
    assert answer["ResponseCode"] == status
    assert json.loads(bodies[answer["CustomResponseBodyKey"]]["Content"]) == problem
    headers = {each["Name"]: each["Value"] for each in answer["ResponseHeaders"]}
    assert headers["cache-control"] == "no-store"
    assert ("retry-after" in headers) == (status == 429)


def test_a_body_that_the_service_takes_is_not_too_large() -> None:
    statement = rules(edge(**WAF))["TooLarge"]["Statement"]["SizeConstraintStatement"]
    assert (statement["ComparisonOperator"], statement["Size"]) == ("GT", MAX_BYTES)
    assert statement["FieldToMatch"] == {"Body": {"OversizeHandling": "MATCH"}}


def test_no_rule_judges_what_somebody_wrote() -> None:
    """A wish may look like an attack: it is text, and comes back as it was typed."""
    group = rules(edge(**WAF))["KnownBadInputs"]["Statement"]["ManagedRuleGroupStatement"]
    assert (group["VendorName"], group["Name"]) == ("AWS", "AWSManagedRulesKnownBadInputsRuleSet")
    counted = {each["Name"] for each in group["RuleActionOverrides"] if each["ActionToUse"] == {"Count": {}}}
    assert counted == {"Log4JRCE_BODY", "JavaDeserializationRCE_BODY", "ReactJSRCE_BODY"}
    assert rules(edge(**WAF))["KnownBadInputs"]["OverrideAction"] == {"None": {}}


def test_a_hall_behind_one_address_is_let_through() -> None:
    rate = load()["Parameters"]["WafAddressRate"]["Default"]
    assert rules(edge(**WAF))["OneAddress"]["Statement"]["RateBasedStatement"]["EvaluationWindowSec"] == 60
    assert rate / 60 == load()["Parameters"]["ThrottleRate"]["Default"] / 2  # and no address has the stage to itself


def test_a_viewers_name_counts_only_where_the_edge_has_written_it() -> None:
    """Some paths are open past CloudFront: there a sender could name the hall's address, and use up its rate."""
    through, past = (
        rules(edge(**WAF, **CDN))[name]["Statement"]["RateBasedStatement"]
        for name in ("OneAddress", "OneAddressPastTheCdn")
    )
    secret = through["ScopeDownStatement"]
    assert secret["ByteMatchStatement"]["FieldToMatch"] == {"SingleHeader": {"Name": "x-lastwish-origin"}}
    assert past["ScopeDownStatement"] == {"NotStatement": {"Statement": secret}}
    assert (past["AggregateKeyType"], past["Limit"]) == ("IP", through["Limit"])


def test_without_a_cdn_an_address_is_where_the_request_comes_from() -> None:
    statement = rules(edge(**WAF))["OneAddress"]["Statement"]["RateBasedStatement"]
    assert statement["AggregateKeyType"] == "IP"
    assert "ForwardedIPConfig" not in statement


def test_with_a_cdn_it_is_what_the_edge_says_and_no_viewer_can() -> None:
    statement = rules(edge(**WAF, **CDN))["OneAddress"]["Statement"]["RateBasedStatement"]
    assert statement["AggregateKeyType"] == "FORWARDED_IP"
    header = statement["ForwardedIPConfig"]["HeaderName"]
    config = edge(**CDN).properties("Distribution")["DistributionConfig"]
    uncached = [each for each in config["CacheBehaviors"] if "OriginRequestPolicyId" in each]
    named = {"Fn::GetAtt": ["NamesTheViewer", "FunctionMetadata.FunctionARN"]}
    assert [each["FunctionAssociations"][0]["FunctionARN"] for each in uncached] == [named, named]
    code = edge(**CDN).properties("NamesTheViewer")["FunctionCode"]
    assert f"headers['{header}'] = {{ value: event.viewer.ip }}" in code
    sent = edge(**CDN).properties("WhatAWishNeeds")["OriginRequestPolicyConfig"]["HeadersConfig"]["Headers"]
    assert header in sent


def test_no_sample_of_a_request_is_kept() -> None:
    acl = edge(**WAF, **CDN).properties("WebAcl")
    kept = [acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl["Rules"])]
    assert {each["SampledRequestsEnabled"] for each in kept} == {False}
    assert {each["CloudWatchMetricsEnabled"] for each in kept} == {True}


# --- logs -------------------------------------------------------------------------------------------------------------
def test_the_access_logs_are_private_and_end() -> None:
    bucket = edge(**CDN, **LOGS).properties("CdnLogsBucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule == {"Status": "Enabled", "ExpirationInDays": {"Ref": "LogRetentionDays"}}
    assert load(EDGE)["Resources"]["CdnLogsBucket"]["DeletionPolicy"] == "Retain"


def test_cloudfront_logs_only_where_that_was_asked_for() -> None:
    assert "Logging" not in edge(**CDN).properties("Distribution")["DistributionConfig"]
    logging = edge(**CDN, **LOGS).properties("Distribution")["DistributionConfig"]["Logging"]
    assert logging["Bucket"] == {"Fn::GetAtt": ["CdnLogsBucket", "RegionalDomainName"]}
    assert logging["IncludeCookies"] is False


# --- the domain -------------------------------------------------------------------------------------------------------
def outputs(**parameters: str) -> dict[str, Any]:
    deployment = edge(**parameters)
    return {name: deployment.chosen(each["Value"]) for name, each in load(EDGE)["Outputs"].items()}


STAGE_URL = load()["Outputs"]["ApiUrl"]["Value"]


@pytest.mark.parametrize(
    ("wanted", "site", "target"),
    [
        (WAF, STAGE_URL, "none"),
        (CDN, {"Fn::Sub": "https://${Distribution.DomainName}/"}, {"Fn::GetAtt": ["Distribution", "DomainName"]}),
        (
            CDN | DOMAIN,
            {"Fn::Sub": "https://${DomainName}/"},
            {"Fn::GetAtt": ["Distribution", "DomainName"]},
        ),
        (DOMAIN, {"Fn::Sub": "https://${DomainName}/"}, {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}),
    ],
)
def test_the_outputs_say_where_the_audience_goes_and_where_dns_leads(
    wanted: dict[str, str], site: Any, target: Any
) -> None:
    assert outputs(**wanted) == {"SiteUrl": site, "DomainTarget": target}


def test_the_site_is_the_edges_or_else_the_stage() -> None:
    value = load()["Outputs"]["SiteUrl"]["Value"]
    assert Deployment(load(), DEV).chosen(value) == STAGE_URL
    assert Deployment(load(), DEV | CDN).chosen(value) == {"Fn::GetAtt": ["Edge", "Outputs.SiteUrl"]}


def test_with_cloudfront_the_domain_is_its_alias_under_a_certificate_and_tls_1_2() -> None:
    config = edge(**CDN, **DOMAIN).properties("Distribution")["DistributionConfig"]
    assert config["Aliases"] == [{"Ref": "DomainName"}]
    assert config["ViewerCertificate"] == {
        "AcmCertificateArn": {"Ref": "CertificateArn"},
        "SslSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }
    alone = edge(**CDN).properties("Distribution")["DistributionConfig"]
    assert not {"Aliases", "ViewerCertificate"} & set(alone)


def test_without_cloudfront_the_domain_is_the_stages_own() -> None:
    domain = edge(**DOMAIN).properties("Domain")
    assert domain["RegionalCertificateArn"] == {"Ref": "CertificateArn"}
    assert (domain["EndpointConfiguration"], domain["SecurityPolicy"]) == ({"Types": ["REGIONAL"]}, "TLS_1_2")
    mapping = edge(**DOMAIN).properties("DomainOnStage")
    assert mapping == {"DomainName": {"Ref": "Domain"}, "RestApiId": {"Ref": "Api"}, "Stage": {"Ref": "Stage"}}


def test_a_domain_without_a_certificate_is_refused_before_anything_is_made() -> None:
    rule = load()["Rules"]["DomainHasCertificate"]
    assert rule["RuleCondition"] == load()["Conditions"]["HasDomain"]
    assert rule["Assertions"][0]["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "CertificateArn"}, ""]}]}


def test_the_walls_code_leads_to_the_domain() -> None:
    variables = resources("AWS::Serverless::Function")["FrontendFunction"]["Properties"]["Environment"]["Variables"]
    url = variables["PUBLIC_URL"]
    assert Deployment(load(), DEV | DOMAIN).chosen(url) == {"Fn::Sub": "https://${DomainName}/"}
    assert Deployment(load(), DEV).chosen(url) == {"Ref": "PublicUrl"}
