"""Deploy an environment, go back, stop, tear down, list: what the command line and the chat call.

Nothing here prints or asks: `tell` gets each line of progress, and `confirm` a question to show somebody. Errors say
the next step. Every attempt leaves a record, a refused one too.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from lastwish.aws.clients import plain_errors
from lastwish.errors import CommandError
from lastwish.shipping.deploying import history, packaging, steps
from lastwish.shipping.deploying.environment import Environment, digest
from lastwish.shipping.deploying.errors import DeployDeclined, DeployError, DeployLocked, DeployStopped
from lastwish.shipping.deploying.history import History, Record
from lastwish.shipping.deploying.lock import Holder, Lock
from lastwish.shipping.deploying.source import Source, git, untag
from lastwish.shipping.deploying.steps import ASKING, NEEDS, STEPS, Confirm, Question, Run, Step, Tell

_PARAMETERS = "parameters/"
# They end a run at once: after any other error, steps that do not need the failed one still run.
_ENDS = {DeployStopped: history.STOPPED, DeployDeclined: history.DECLINED, DeployLocked: history.FAILED}
_WERE = (history.STOPPED, history.DECLINED)  # by somebody


class Deployments:
    """What was and is deployed to one environment. `user` is who asks, as the history shows it."""

    def __init__(self, environment: Environment, user: str, tell: Tell, confirm: Confirm) -> None:
        self.environment, self.user, self._tell, self._confirm = environment, user, tell, confirm
        self.bucket = environment.bucket
        self._history, self._lock = History(self.bucket), Lock(self.bucket, environment.name)

    def deploy(self, *, adopt: bool = False, push: bool = False) -> Record:
        """Deploy what is checked out, and go on where an attempt at the same did not succeed. Return its record.

        `adopt` takes over the tables that a deleted stack left; `push` sends the tag to origin. Raises DeployError and
        its kinds, AwsError.
        """
        here = self.environment
        source, parameters = Source.of(here.root), here.parameters()
        if here.guarded and source.changes:
            found = ", ".join(git(here.root, "status", "--short").splitlines()[:3])
            raise DeployError(f"{here.name} takes only what is committed; commit or ignore, and deploy again: {found}")
        what, kept = digest(source.commit, source.changes, parameters), digest(parameters)
        with plain_errors():
            self.bucket.create()
            self.bucket.put(f"{_PARAMETERS}{kept}.json", parameters)
        facts = {"commit": str(source), "what": what, "parameters": kept}
        with self._hold("deploy", facts) as record:
            record.source = record.number
            self._go_on(record, lambda each: each.kind == "deploy" and each.what == what)
            return self._run(Run(here, source, parameters, record, self._lock, self._tell, self._confirm, adopt, push))

    def rollback(self) -> Record:
        """Go back to the last good deploy, from the template and the artifacts that it left. Return the new record.

        Raises DeployError and its kinds, AwsError.
        """
        here = self.environment
        target = history.to_go_back_to(self.all())
        if target is None:
            raise DeployError(f"{here.name} has no other good deploy to go back to: `lastwish deploys {here.name}`")
        with plain_errors():
            found = self.bucket.get(f"{_PARAMETERS}{target.parameters}.json")
        if found is None:
            raise DeployError(
                f"the parameters of deploy {target.number} are gone: check out {target.commit}, and deploy it"
            )
        facts = {"commit": target.commit, "what": target.what, "parameters": target.parameters}
        with self._hold("rollback", facts | {"template": target.template, "source": target.number}) as record:
            self._tell(f"going back to deploy {target.number}, {target.commit}")
            self._go_on(record, lambda each: each.kind == "rollback" and each.source == target.number)
            source = Source(here.root, target.commit, "")
            return self._run(Run(here, source, found[0], record, self._lock, self._tell, self._confirm))

    def stop(self, *, force: bool = False) -> Holder:
        """Ask the running deploy to stop, cancel its update, and return who held the lock.

        It ends at its next step. `force` also takes the lock away, from one whose process is dead. Raises DeployError
        where nothing runs, AwsError.
        """
        with plain_errors():
            holder = self._lock.take_away() if force else self._lock.ask_to_stop(self.user)
            if holder is None:
                raise DeployError(
                    f"nothing runs in {self.environment.name}: `lastwish deploys {self.environment.name}`"
                )
            self.environment.cloud_stack().cancel()
            if force:
                self._history.bury()
        return holder

    def teardown(self, *, forget: bool = False) -> Record:
        """Delete the stack, then templates, artifacts and parameters of deploys; with `forget` history and tags too.

        The tables of a stack that keeps its data stay, and so do account.yaml's stack and what people put into
        Parameter Store. Raises DeployError and its kinds, AwsError.
        """
        here, stack = self.environment, self.environment.cloud_stack()
        with plain_errors():
            self.bucket.create()
        with self._hold("teardown", {}) as record:
            tables = list(stack.tables().values())
            question = Question(here.name, f"Tear down {stack.name}", self._losses(tables, forget), True)
            steps.ask(question, self._confirm, self._lock)
            self._tell(f"deleting {stack.name}")
            stack.delete(self._lock.renew)
            self._note(record, "stack", "done", f"{stack.name} is deleted")
            count = self.bucket.clear(packaging.TEMPLATES, packaging.ARTIFACTS, _PARAMETERS)
            self._note(record, "package", "done", f"{count} objects are deleted")
            left = here.tables(tables)
            hint = f"; {', '.join(left)} stay: lastwish deploy {here.name} --adopt takes them over" if left else ""
            self._history.end(record, history.SUCCEEDED, f"{stack.name} is gone{hint}")
        if forget:
            with plain_errors():
                self.bucket.remove()
            untag(here.root, steps.tag_name(here, "*"))
        return record

    def _losses(self, tables: list[str], forget: bool) -> list[str]:
        here = self.environment
        lines = [f"DELETES the stack {here.stack} with all it holds, queues and accounts too"]
        lines += [f"DELETES the table {each}{' unless its policy keeps it' * here.guarded}" for each in tables]
        lines.append(f"deletes templates and artifacts in {self.bucket.name}: no rollback afterwards")
        if forget:
            lines.append(f"deletes the history, and the tags {steps.tag_name(here, '*')} of this repository")
        return [*lines, f"leaves the stack {here.account_stack}, and what is in Parameter Store under {here.path}"]

    def all(self, last: int = 0) -> list[Record]:
        """Return the last so many records, oldest first; 0: all. Raises AwsError."""
        with plain_errors():
            return self._history.all(last)

    def holder(self) -> Holder | None:
        """Return who deploys now; None: nobody. Raises AwsError."""
        with plain_errors():
            return self._lock.holder()

    def _go_on(self, record: Record, same: Callable[[Record], bool]) -> None:
        """Take over the steps that are done from the last attempt, if it was at the same and did not succeed."""
        before = history.unfinished([each for each in self._history.all() if each.number != record.number], same)
        if before:
            record.continues, record.template, record.wishes = before.number, before.template, before.wishes
            record.steps = {name: each for name, each in before.steps.items() if each["state"] == "done"}
            was = "was " * (before.outcome in _WERE)
            self._tell(f"going on with {before.kind} {before.number}, which {was}{before.outcome}")
        self._history.save(record)

    def _run(self, run: Run) -> Record:
        """Do the steps whose needs are done, and note each. Raises DeployError with what failed."""
        record, failed = run.record, list[str]()
        for step in STEPS:
            name = step.__name__
            if record.done(name):
                self._tell(f"{name}: was done before")
            elif waits := [need.__name__ for need in NEEDS[step] if not record.done(need.__name__)]:
                self._tell(f"{name}: not done, it needs {' and '.join(waits)}")
            elif not self._do(step, run):
                failed.append(f"{name}: {record.steps[name]['words']}")
        if failed:
            name = self.environment.name
            again = f"lastwish {record.kind} {name}"
            raise DeployError(
                f"{record.kind} {record.number} of {name} failed at {'; '.join(failed)}; `{again}` goes on there"
            )
        self._history.end(record, history.SUCCEEDED, f"{record.commit} runs in {self.environment.name}")
        return record

    def _do(self, step: Step, run: Run) -> bool:
        """Do one step and note it. Return whether it is done. Raises what ends a run at once."""
        name = step.__name__
        self._tell(f"{name} ...")
        try:
            run.lock.renew()
            with plain_errors(), nullcontext() if step in ASKING else run.lock.kept():
                words = step(run)
        except (CommandError, httpx.HTTPError, OSError) as error:
            self._note(run.record, name, "failed", str(error))
            if isinstance(error, tuple(_ENDS)):
                raise
            return False
        self._note(run.record, name, "done", words)
        return True

    def _note(self, record: Record, step: str, state: str, words: str) -> None:
        record.steps[step] = {"state": state, "words": words, "at": history.now()}
        self._history.save(record)
        self._tell(f"{step}{'' if state == 'done' else ' failed'}: {words}")

    @contextmanager
    def _hold(self, kind: str, facts: dict[str, Any]) -> Iterator[Record]:
        """Begin a record, and hold the lock. Note how it ended, also where it was refused."""
        with plain_errors():
            record = self._history.begin(kind, self.user, **facts)
            try:
                self._lock.take(self.user, kind, record.number)
            except DeployLocked as locked:
                self._history.end(record, history.REFUSED, str(locked))
                raise
        try:
            with plain_errors():
                self._history.bury(record.number)
                yield record
        except BaseException as error:
            outcome, words = history.FAILED, str(error) or type(error).__name__
            if isinstance(error, KeyboardInterrupt):
                outcome, words = history.STOPPED, "interrupted where it was begun"
            outcome = next((each for kind_, each in _ENDS.items() if isinstance(error, kind_)), outcome)
            if isinstance(error, CommandError):
                error.facts["deploy"] = record.facts()
            with suppress(BotoCoreError, ClientError):
                self._history.end(record, outcome, words)
            raise
        finally:
            with suppress(BotoCoreError, ClientError):  # it ends by itself
                self._lock.release()
