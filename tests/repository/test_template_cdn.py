"""Check the cache in front. Every route of the API is named here, so that a new one cannot be forgotten."""

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from tests.support.samples import sample
from tests.support.template import EDGE, load, resources, routes
from web import problems, responses
from web.requests import Request

CDN_TEMPLATE = load(EDGE)
FRONT = CDN_TEMPLATE["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
FUNCTION = CDN_TEMPLATE["Resources"]["AtTheEdge"]["Properties"]
NOT_CACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # CachingDisabled
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"  # AllViewerExceptHostHeader

# What happens to each path of the audience. One that is not here fails below.
CACHES = {
    "/": {"Ref": "PagesCache"},
    "/wall": {"Ref": "PagesCache"},
    "/health": {"Ref": "PagesCache"},  # whose answer says no-store
    "/assets/{file}": {"Ref": "FilesCache"},
    "/qr.svg": {"Ref": "FilesCache"},
    "/manifest": {"Ref": "FeedCache"},
    "/wishes": {"Ref": "FeedCache"},
    "/wishes/{wish_id}": NOT_CACHED,
    "/wishes/{wish_id}/trace": NOT_CACHED,
}


def behaviour(path: str) -> dict[str, Any]:
    """Return CloudFront's behaviour for a path: that of the first pattern that matches, else the default."""
    fitting = (each for each in FRONT["CacheBehaviors"] if fnmatchcase(path, each["PathPattern"]))
    found: dict[str, Any] = next(fitting, FRONT["DefaultCacheBehavior"])
    return found


def pages() -> list[str]:
    """Return the paths that the function at the edge lets through."""
    found = re.search(r"const PAGES = (\[.*\]);", FUNCTION["FunctionCode"])
    assert found
    paths: list[str] = json.loads(found[1].replace("'", '"'))
    return paths


def policy(logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = load(EDGE)["Resources"][logical_id]["Properties"]["CachePolicyConfig"]
    return found


def key(logical_id: str) -> dict[str, Any]:
    """Return what the cache key consists of, apart from the path."""
    found = policy(logical_id)["ParametersInCacheKeyAndForwardedToOrigin"]
    kinds = (("headers", "Header"), ("query", "QueryString"), ("cookies", "Cookie"))
    of = {name: found[f"{kind}sConfig"] for name, kind in kinds}
    return {name: of[name].get(f"{kind}s", of[name][f"{kind}Behavior"]) for name, kind in kinds}


POLICIES = sorted(resources("AWS::CloudFront::CachePolicy", load(EDGE)))
BEHAVIOURS = [FRONT["DefaultCacheBehavior"], *FRONT["CacheBehaviors"]]


# --- where it is ------------------------------------------------------------------------------------------------------
def test_the_origin_is_the_stage_over_tls_under_its_own_name() -> None:
    (origin,) = FRONT["Origins"]
    stage = "https://" + origin["DomainName"]["Fn::Sub"] + origin["OriginPath"]["Fn::Sub"] + "/"
    assert stage == load()["Outputs"]["ApiUrl"]["Value"]["Fn::Sub"]
    assert origin["CustomOriginConfig"] == {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}
    assert (
        "Host"
        not in load(EDGE)["Resources"]["WhatAWishNeeds"]["Properties"]["OriginRequestPolicyConfig"]["HeadersConfig"][
            "Headers"
        ]
    )


@pytest.mark.parametrize("each", BEHAVIOURS, ids=lambda each: each.get("PathPattern", "default"))
def test_every_behaviour_is_compressed_https_of_the_one_origin(each: dict[str, Any]) -> None:
    assert each["TargetOriginId"] == FRONT["Origins"][0]["Id"]
    assert each["ViewerProtocolPolicy"] == "redirect-to-https"
    assert each["ResponseHeadersPolicyId"] == {"Ref": "HttpsFromNowOn"}
    assert each["Compress"] is True


# --- routes -----------------------------------------------------------------------------------------------------------
def test_every_path_of_the_audience_has_a_cache_policy() -> None:
    assert {path for _, path in routes(operators=False)} == set(CACHES)


@pytest.mark.parametrize(("method", "path"), routes(operators=False))
def test_a_route_of_the_audience_passes_and_has_its_cache_policy(method: str, path: str) -> None:
    found = behaviour(path)
    assert method in found["AllowedMethods"]
    assert found["CachePolicyId"] == CACHES[path]
    assert found is not FRONT["DefaultCacheBehavior"] or path in pages()


@pytest.mark.parametrize(("method", "path"), routes(operators=True))
def test_a_route_of_the_operators_ends_at_the_edge(method: str, path: str) -> None:
    assert behaviour(path) is FRONT["DefaultCacheBehavior"]
    assert path not in pages()


def test_the_function_guards_the_default_behaviour() -> None:
    (association,) = FRONT["DefaultCacheBehavior"]["FunctionAssociations"]
    assert association["EventType"] == "viewer-request"
    assert association["FunctionARN"] == {"Fn::GetAtt": ["AtTheEdge", "FunctionMetadata.FunctionARN"]}


@pytest.mark.parametrize("each", BEHAVIOURS, ids=lambda each: each.get("PathPattern", "default"))
def test_no_answer_to_a_post_is_cached(each: dict[str, Any]) -> None:
    assert not {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"} & set(each.get("CachedMethods", ["GET", "HEAD"]))


def test_a_wish_arrives_with_all_headers_that_the_frontend_reads() -> None:
    sent = behaviour("/wishes")
    assert sent["OriginRequestPolicyId"] == {"Ref": "WhatAWishNeeds"}
    headers = load(EDGE)["Resources"]["WhatAWishNeeds"]["Properties"]["OriginRequestPolicyConfig"]["HeadersConfig"]
    assert headers == {
        "HeaderBehavior": "whitelist",
        "Headers": ["Accept", "Accept-Language", "Content-Type", "Idempotency-Key", "x-lastwish-viewer"],
    }


def test_a_receipt_is_requested_with_every_header_but_host_and_not_cached() -> None:
    receipt = behaviour("/wishes/5b0e9a7e-0000-4000-8000-000000000000")
    assert receipt["CachePolicyId"] == NOT_CACHED
    assert receipt["OriginRequestPolicyId"] == ALL_BUT_HOST


# --- how long, and under which key ------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", POLICIES)
def test_the_origin_decides_what_is_cached(name: str) -> None:
    assert (policy(name)["MinTTL"], policy(name)["DefaultTTL"]) == (0, 0)


def test_cache_keys_have_what_the_answers_depend_on_and_nothing_else() -> None:
    assert {name: key(name) for name in POLICIES} == {
        "PagesCache": {"headers": ["Accept-Language"], "query": "none", "cookies": "none"},
        "FilesCache": {"headers": "none", "query": "none", "cookies": "none"},
        "FeedCache": {"headers": "none", "query": ["after", "limit"], "cookies": "none"},
    }


def request(path: str) -> Request:
    return Request(APIGatewayProxyEvent({**sample("frontend-receipt"), "path": path}))


# Each kind of answer that may be kept, and the policy that it meets.
KEPT: dict[str, tuple[str, Response[str]]] = {
    "page": ("PagesCache", responses.page("", max_age=60)),
    "file": ("FilesCache", responses.static("", "image/svg+xml", "public, max-age=31536000, immutable")),
    "feed": ("FeedCache", responses.cached(request("/wishes"), {})),
}


@pytest.mark.parametrize("kind", KEPT)
def test_a_policy_caches_as_long_as_the_origin_allows(kind: str) -> None:
    name, answer = KEPT[kind]
    said = dict(re.findall(r"(s-maxage|max-age)=(\d+)", str(answer.headers["Cache-Control"])))
    assert int(said.get("s-maxage", said.get("max-age"))) <= policy(name)["MaxTTL"]


@pytest.mark.parametrize("kind", KEPT)
def test_the_headers_in_vary_are_in_the_cache_key(kind: str) -> None:
    """CloudFront's key is what the policy says; it does not heed Vary."""
    name, answer = KEPT[kind]
    headers = key(name)["headers"]
    assert str(answer.headers.get("Vary", "none")) == (headers if headers == "none" else ", ".join(headers))


def test_the_feed_is_a_second_old_at_most() -> None:
    assert policy("FeedCache")["MaxTTL"] == 1


@pytest.mark.parametrize("status", [400, 403, 404, 405, 414, 500, 501, 502, 503, 504])
def test_no_error_is_cached(status: int) -> None:
    """By default ten seconds, also where the policy says that nothing is cached: "still travelling" is a 404."""
    assert {"ErrorCode": status, "ErrorCachingMinTTL": 0} in FRONT["CustomErrorResponses"]


# --- the function at the edge; what it decides is tested in tests/browser ---------------------------------------------
def test_the_edges_not_found_is_the_frontends() -> None:
    found = re.search(r"body: '(.*)'", FUNCTION["FunctionCode"])
    assert found
    assert json.loads(found[1]) == json.loads(problems.not_found().body())


def test_the_function_is_live_small_and_of_the_second_runtime() -> None:
    assert FUNCTION["AutoPublish"] is True
    assert FUNCTION["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0"
    assert len(FUNCTION["FunctionCode"].encode()) < 10_240  # CloudFront's limit


def test_browsers_are_told_to_use_https_for_a_year() -> None:
    config = load(EDGE)["Resources"]["HttpsFromNowOn"]["Properties"]["ResponseHeadersPolicyConfig"]
    assert list(config["SecurityHeadersConfig"]) == ["StrictTransportSecurity"]  # the pages bring their own policy
    assert config["SecurityHeadersConfig"]["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31536000
