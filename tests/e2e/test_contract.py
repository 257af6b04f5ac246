"""The HTTP contract, docs/openapi.yaml, against a stack that runs: schemathesis makes requests, valid ones and others.

CONTRACT_EXAMPLES is how many requests it makes up for an operation. With it each run is another one; without it all
runs are the same.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.openapi import DOCUMENT
from tests.support import ROOT
from tests.support.deployed_chain import DeployedChain
from tests.support.laptop import Stack, operator_account, wait_until

SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))
EXAMPLES = os.environ.get("CONTRACT_EXAMPLES")
WISHES = ["Feed the cat", "Water the plants", "See my band at https://band.example tonight", "https://only.example"]


@pytest.fixture
def operator(stack: Stack, chain: DeployedChain) -> Iterator[dict[str, str]]:
    """Headers of an operator, and afterwards a wall and a sign-in as they were."""
    name, password = operator_account(stack, "fuzzer", "operators")

    def sign_in() -> Any:
        return chain.http.post("sign-in", json={"name": name, "password": password}).json().get("token")

    headers = {"Authorization": f"Bearer {sign_in()}"}
    yield headers
    assert chain.http.post("ops/wall/panic", headers=headers, json={"on": False}).status_code == 200
    assert wait_until(sign_in)  # the throttle has let go of it


def test_every_answer_is_one_of_the_contracts(chain: DeployedChain, operator: dict[str, str], tmp_path: Path) -> None:
    wishes = [chain.post(text, name="Ana") for text in WISHES]
    chain.wait_until_stored(*wishes)
    existing = {
        "wish_id": wishes,
        "trace_id": [chain.http.get(f"wishes/{wish}").json()["trace_id"] for wish in wishes],
        "file": ["form.js", "style.css", "show-en.json", "icon.svg"],
    }
    command = [SCHEMATHESIS, "--no-color", "--config-file", str(ROOT / "tests/support/schemathesis.toml"), "run"]
    command += [str(DOCUMENT), "--url", chain.stack.url, "--max-examples", EXAMPLES or "6"]
    command += [] if EXAMPLES else ["--seed", "2045"]
    for name, value in operator.items():
        command += ["--header", f"{name}: {value}"]
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "CONTRACT_VALUES": json.dumps(existing)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
