"""Raw bytes against the proxy: every answer is one of the contract's, or the connection ends; the server lives on.

The long form: RAW_MUTANTS=100000 RAW_SEED=7 .venv/bin/pytest tests/e2e/test_raw_http.py
"""

import asyncio
import os

import httpx
import pytest

from tests.support.laptop import Stack
from tests.support.raw_http import PATIENCE, answers_in, exchange_all
from tests.support.raw_requests import CASES, Case, mutants

MUTANTS, SEED = int(os.environ.get("RAW_MUTANTS", "1000")), int(os.environ.get("RAW_SEED", "1"))


@pytest.fixture(scope="module")
def received(stack: Stack) -> dict[str, bytes]:
    """What came back for each case, by its name. All at once, since some wait for a deadline of the server."""
    came = asyncio.run(exchange_all(stack.url, [each.pieces for each in CASES], at_once=len(CASES), quiet=PATIENCE))
    return dict(zip([each.name for each in CASES], came, strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name[:60])
def test_a_raw_request_gets_an_answer_of_the_contract_or_none(case: Case, received: dict[str, bytes]) -> None:
    answers = answers_in(received[case.name], case.methods)

    assert tuple(each.status for each in answers) in ({case.statuses, ()} if case.may_be_lost else {case.statuses})
    assert [breach for each in answers if (breach := each.breach())] == []


def test_what_is_no_http_is_a_problem_and_ends_the_connection(received: dict[str, bytes]) -> None:
    [answer] = answers_in(received["zeros"])

    assert b'"type":"urn:lastwish:problem:bad-request"' in answer.body
    assert answer.headers["connection"] == "close"


def test_each_case_has_a_name_of_its_own() -> None:
    assert len({each.name for each in CASES}) == len(CASES)


def test_no_mutant_of_them_gets_anything_else(stack: Stack) -> None:
    requests = list(mutants(MUTANTS, SEED))
    came = asyncio.run(exchange_all(stack.url, [[each] for each in requests], at_once=64, quiet=1))
    answers = [(request, answer) for request, got in zip(requests, came, strict=True) for answer in answers_in(got)]
    breaches = [(request, answer, breach) for request, answer in answers if (breach := answer.breach())]

    assert breaches == []
    assert {200, 400, 404} <= {answer.status for _, answer in answers}


def test_the_proxy_lives_on_and_has_nothing_to_complain_of(stack: Stack, received: dict[str, bytes]) -> None:
    assert received
    assert httpx.get(f"{stack.url}health", timeout=60).status_code == 200
    assert "Traceback" not in (stack.home / "proxy.log").read_text()
