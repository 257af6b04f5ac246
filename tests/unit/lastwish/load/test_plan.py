"""Plan of a load: all its requests, made before the first is sent."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from frontend.submission import read_body
from lastwish.load.plan import EXPECTED, Plan, PlannedRequest, PlanOptions, profiles
from lastwish.load.shapes import SHAPES
from tests.support import ROOT
from web.problems import Problem

MIXED = PlanOptions("spike", 400, 10.0, 7, duplicates=0.1, hostile=0.05, oversized=0.02, malformed=0.03)
DIGEST = """
from lastwish.load.plan import Plan, PlanOptions
print(Plan(PlanOptions("spike", 400, 10.0, 7, duplicates=0.1, hostile=0.05, oversized=0.02, malformed=0.03)).digest())
"""


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_the_same_seed_is_the_same_requests_in_every_process(hash_seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    printed = subprocess.run(
        [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == Plan(MIXED).digest()


def test_a_seed_means_the_same_plan_in_every_version() -> None:
    """A change of a text, a weight or a random choice changes every plan: write it into the changelog."""
    assert Plan(MIXED).digest()[:16] == "785a45da7481cdcf"


def test_another_seed_is_another_plan() -> None:
    assert Plan(MIXED).digest() != Plan(replace(MIXED, seed=8)).digest()


def test_other_people_send_the_same_texts_under_keys_of_their_own() -> None:
    first, second = (
        Plan(PlanOptions("steady", 20, 1.0, 7)).requests,
        Plan(PlanOptions("steady", 20, 1.0, 7), people="of another evening").requests,
    )
    assert [each.body for each in first] == [each.body for each in second]
    assert not {each.key for each in first} & {each.key for each in second}


def test_the_file_has_the_digest_of_the_plan_and_reads_back(tmp_path: Path) -> None:
    plan, file = Plan(MIXED), tmp_path / "plan.jsonl"
    plan.write(file)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == plan.digest()
    assert [PlannedRequest.from_line(line) for line in file.read_bytes().splitlines()] == plan.requests


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_plans_exactly_the_wishes_and_shares_asked_for(shape: str) -> None:
    requests = Plan(replace(MIXED, shape=shape)).requests
    assert [each.number for each in requests] == list(range(400))
    assert [each.at for each in requests] == sorted(each.at for each in requests)
    kinds = Counter(each.kind for each in requests)
    assert kinds == {"ordinary": 320, "duplicate": 40, "hostile": 20, "oversized": 8, "malformed": 12}


@pytest.mark.parametrize("wishes", range(1, 12))
def test_shares_of_few_wishes_never_add_up_to_too_many(wishes: int) -> None:
    counts = PlanOptions(wishes=wishes, hostile=0.25, oversized=0.25, malformed=0.25).counts()
    assert sum(counts.values()) == wishes
    assert all(abs(counts[kind] - wishes / 4) < 1 for kind in ("ordinary", "hostile", "oversized", "malformed"))


def test_a_duplicate_is_an_earlier_ordinary_wish_again() -> None:
    first: dict[str, bytes] = {}
    for each in Plan(replace(MIXED, duplicates=0.5)).requests:
        if each.kind == "duplicate":
            assert first[each.key] == each.body
        elif each.kind == "ordinary":
            first[each.key] = each.body


def test_all_but_duplicates_and_malformed_wishes_have_their_own_key() -> None:
    keys = [each.key for each in Plan(MIXED).requests if each.kind in ("ordinary", "hostile", "oversized")]
    assert len(set(keys)) == len(keys)
    assert all(UUID(key).version == 4 for key in keys)


@pytest.mark.parametrize("seed", range(20))
def test_a_duplicate_never_comes_first(seed: int) -> None:
    assert Plan(PlanOptions(wishes=10, seed=seed, duplicates=0.9)).requests[0].kind == "ordinary"


def answer(request: PlannedRequest) -> int:
    """Return the real frontend's answer."""
    try:
        read_body(request.body, request.content_type, request.key, UUID(int=0))
    except Problem as problem:
        return problem.status
    return 202


def test_the_real_frontend_answers_each_as_its_kind_should_be() -> None:
    assert [
        each for each in Plan(replace(MIXED, wishes=1500)).requests if answer(each) not in EXPECTED[each.kind]
    ] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"shape": "cliff"},
        {"wishes": 0},
        {"over": 0.0},
        {"over": float("inf")},
        {"over": float("nan")},
        {"hostile": -0.1},
        {"malformed": 1.1},
        {"hostile": 0.6, "oversized": 0.6},
        {"duplicates": 1.0},
    ],
)
def test_impossible_options_are_refused_at_once(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        replace(MIXED, **{"duplicates": 0.0, **wrong})  # type: ignore[arg-type]


def test_the_profiles_are_plans() -> None:
    known = profiles()
    assert set(known) >= {"rehearsal", "audience-of-300", "reinvent-65k"}
    rows = (ROOT / "docs" / "load.md").read_text()
    for name, profile in known.items():
        assert f"| `{name}` | {profile['wishes']} | {profile['over']:g} | {profile['shape']} |" in rows
        assert profile.pop("about")
        assert PlanOptions(**profile).wishes == profile["wishes"]
