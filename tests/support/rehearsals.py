"""Deploys to the local engine, out of a repository that a test may change."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lastwish.aws.clients import Endpoint, engine_client, physical_ids
from lastwish.local.state import Home
from lastwish.shipping.deploying.deployments import Deployments
from lastwish.shipping.deploying.environment import LOCAL, REHEARSAL, find
from lastwish.shipping.deploying.steps import Question
from tests.support import ROOT
from tests.support.engine_alone import engine_alone

DEPLOYED = ("template.yaml", "observability.yaml", "edge.yaml", "memory.yaml", "account.yaml", "samconfig.toml")


class Repository:
    """A git repository with what is deployed of this one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        for name in DEPLOYED:
            shutil.copy(ROOT / name, root / name)
        shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
        self.git("init", "--quiet")
        self.commit("everything")

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", "-C", str(self.root), *who, *words], capture_output=True, text=True, check=True)
        return done.stdout

    def commit(self, why: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", why)
        return self.git("rev-parse", "HEAD").strip()[:10]

    def append(self, file: str, text: str) -> str:
        """Change a file and commit that."""
        with (self.root / file).open("a") as opened:
            opened.write(text)
        return self.commit(f"change {file}")


@dataclass
class Person:
    """Somebody who deploys: what they were told and asked. Says yes, unless `answer` is told otherwise."""

    name: str
    root: Path
    said: list[str] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    yes: bool = True

    def answer(self, question: Question) -> bool:
        self.asked.append(question)
        return self.yes

    @property
    def deploys(self) -> Deployments:
        return Deployments(find(LOCAL, self.root), self.name, self.said.append, self.answer)


@dataclass
class Rehearsal:
    """An engine with nothing on it, and a repository to deploy from."""

    home: Home
    endpoint: Endpoint
    repository: Repository

    def person(self, name: str) -> Person:
        return Person(name, self.repository.root)

    def aws(self, service: str) -> Any:
        return engine_client(service, self.endpoint)

    def stack_parameters(self) -> dict[str, str]:
        """Return what the stack was deployed with."""
        [found] = self.aws("cloudformation").describe_stacks(StackName=REHEARSAL)["Stacks"]
        return {each["ParameterKey"]: each["ParameterValue"] for each in found["Parameters"]}

    def without_policy(self, role: str, policy: str) -> Callable[[], None]:
        """Take a role of the stack its policy, as by hand. Return what gives it back."""
        iam, names = self.aws("iam"), physical_ids(self.aws("cloudformation"), REHEARSAL, "AWS::IAM::Role")
        named = {"RoleName": names[role], "PolicyName": policy}
        document = json.dumps(iam.get_role_policy(**named)["PolicyDocument"])
        iam.delete_role_policy(**named)
        return lambda: iam.put_role_policy(**named, PolicyDocument=document)


@contextmanager
def a_rehearsal(path: Path) -> Iterator[Rehearsal]:
    with pytest.MonkeyPatch.context() as patch, engine_alone(path / "home") as (home, endpoint):
        patch.setenv("LASTWISH_HOME", str(home.path))
        yield Rehearsal(home, endpoint, Repository(path / "repository"))
