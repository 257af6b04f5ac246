"""`lastwish deploy local`, the rehearsal: deploy, change, refuse, fail in the middle and go on, go back, tear down."""

import json
import os
import re
import signal
from collections.abc import Iterator

import pytest

from lastwish.errors import Interrupted
from lastwish.local.engine import process as engine
from lastwish.local.interrupts import ending
from lastwish.shipping.deploying.errors import DeployError, DeployLocked, DeployStopped
from lastwish.shipping.deploying.history import History
from lastwish.shipping.deploying.lock import Lock
from tests.support.laptop import Laptop
from tests.support.rehearsals import Rehearsal, a_rehearsal


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with a_rehearsal(tmp_path_factory.mktemp("deploys")) as rehearsal:
        yield rehearsal


def states(record: object) -> dict[str, str]:
    return {name: each["state"] for name, each in record.steps.items()}  # type: ignore[attr-defined]


def test_the_story_of_an_environment(rehearsal: Rehearsal) -> None:
    ana, ben, repository = rehearsal.person("ana"), rehearsal.person("ben"), rehearsal.repository

    first = ana.deploys.deploy()
    assert set(states(first).values()) == {"done"}
    assert any("adds" in line for question in ana.asked for line in question.words)

    # Ben comes while Ana reads the changes. A word that the parser reads itself is not among them.
    rehearsal.aws("ssm").put_parameter(Name="/lastwish/local/HeldWords", Value="kryptonite", Type="String")
    changed = repository.append("src/parser/held_words.txt", "\nunobtainium\n")

    def answer_while_ben_tries(_: object) -> bool:
        with pytest.raises(DeployLocked, match="ana holds it for a deploy"):
            ben.deploys.deploy()
        return True

    ana.answer = answer_while_ben_tries  # type: ignore[method-assign]
    second = ana.deploys.deploy()
    assert (second.commit, second.outcome) == (changed, "succeeded")
    assert second.steps["parameters"]["words"].startswith("the parser reads HeldWords under /lastwish/local/ (digest ")
    assert rehearsal.stack_parameters()["HeldWords"] == ""

    # Somebody took a right away, and an alarm rings after the next one: it goes on from there.
    restore = rehearsal.without_policy("ParserRole", "parser")
    broken = repository.append("src/parser/held_words.txt", "\nvibranium\n")
    injected = {"MetricName": "Sanitised", "Value": 500, "Dimensions": [{"Name": "service", "Value": "frontend"}]}
    rehearsal.aws("cloudwatch").put_metric_data(Namespace="LastWish/lastwish-rehearsal", MetricData=[injected])
    with pytest.raises(
        DeployError, match=r"failed at parameters: the parser may not read /lastwish/local/\w+"
    ) as ended:
        ben.deploys.deploy()
    assert re.search("; alarms: alarms are on, .*: lastwish-rehearsal/injection", str(ended.value))
    failed = ben.deploys.all()[-1]
    assert (failed.outcome, failed.steps["audit"]["state"], "tag" in failed.steps) == ("failed", "done", False)
    engine.clear_measurements(rehearsal.endpoint)
    restore()
    ben.said.clear()
    went_on = ben.deploys.deploy()
    assert (went_on.continues, went_on.commit) == (failed.number, broken)
    assert {"package: was done before", "stack: was done before", "audit: was done before"} <= set(ben.said)

    # Back to what Ana deployed.
    back = ben.deploys.rollback()
    assert (back.kind, back.source, back.commit) == ("rollback", second.number, changed)
    assert repository.git("tag", "--list").split() == ["deploy/local/1", "deploy/local/2", "deploy/local/5"]

    # Ben stops Ana, who reads the changes of what comes next.
    repository.append("src/parser/held_words.txt", "\nadamantium\n")
    ana.answer = lambda _: ben.deploys.stop().user == "ana"  # type: ignore[method-assign]
    with pytest.raises(DeployStopped, match="ben asked it to stop"):
        ana.deploys.deploy()
    made = rehearsal.aws("cloudformation").list_change_sets(StackName="lastwish-rehearsal")["Summaries"]
    assert "AVAILABLE" not in [each["ExecutionStatus"] for each in made]

    # Ana's terminal closes while she reads: her deploy ends in order.
    ana.answer = lambda _: os.kill(os.getpid(), signal.SIGHUP)  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(Interrupted), ending("the terminal closed"):
        ana.deploys.deploy()
    last = ana.deploys.all()[-1]
    assert (last.outcome, last.words, ana.deploys.holder()) == ("stopped", "interrupted where it was begun", None)

    # Cleo's process died without a word: Ben takes the lock away.
    bucket = ben.deploys.bucket
    Lock(bucket, "local").take("cleo", "deploy", History(bucket).begin("deploy", "cleo").number)
    assert ben.deploys.stop(force=True).user == "cleo"
    assert ben.deploys.holder() is None

    # The command line has the same history, and tears it down.
    laptop = Laptop(rehearsal.home.path)
    refused = laptop.run("teardown", "local", "--json")
    assert refused.returncode == 1
    assert "not confirmed, nothing was done" in json.loads(refused.stdout)["error"]
    done = laptop.run("teardown", "local", "--confirm", "local", "--json")
    assert done.returncode == 0, done.stderr
    assert rehearsal.aws("dynamodb").list_tables()["TableNames"] == []

    listed = json.loads(laptop.run("deploys", "local", "--json").stdout)
    assert [(each["kind"], each["outcome"]) for each in listed["deploys"]] == [
        ("deploy", "succeeded"),
        ("deploy", "succeeded"),
        ("deploy", "refused"),
        ("deploy", "failed"),
        ("deploy", "succeeded"),
        ("rollback", "succeeded"),
        ("deploy", "stopped"),
        ("deploy", "stopped"),
        ("deploy", "died"),
        ("teardown", "declined"),
        ("teardown", "succeeded"),
    ]
    assert listed["holder"] is None
    ana.answer = lambda _: True  # type: ignore[method-assign]
    forgotten = ana.deploys
    forgotten.teardown(forget=True)
    assert forgotten.all() == []
    assert rehearsal.aws("s3").list_buckets()["Buckets"] == []
    assert repository.git("tag", "--list") == ""
