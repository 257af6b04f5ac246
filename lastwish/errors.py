"""Errors of the operator's commands.

    CommandError                  base: one plain line for a person, exit code 1
    +-- UsageError                the command line is wrong (exit code 2)
    +-- StackError                the local stack cannot do what was asked
    |   +-- AlreadyRunning        a second `up`
    |   +-- NotRunning            something needs a stack and none runs
    |   +-- PortTaken             another program listens on the proxy's port
    |   +-- NoNetwork             this machine has no address for phones, or not the one asked for
    |   +-- EngineFailed          MiniStack did not start, or died
    |   +-- DeployFailed          the deploy failed
    |   +-- ProxyFailed           the proxy did not start, or died
    |   +-- Interrupted           Ctrl-C or SIGTERM before the work had begun (exit code 130)
    +-- SheetError                a cue sheet is wrong (exit code 2)
    +-- TapeError                 a recording cannot be written or read
    +-- TemplateError             a template cannot be read, or lacks what the local stack needs
    +-- AwsError                  AWS (or the engine) refused a call
    +-- OperatorError             an operator's command cannot do what was asked
    |   +-- Busy                  the same command runs elsewhere, or took over this one's lock
    |   +-- NoSuchWish            no stream and no dead letter has this id
    |   +-- NoSuchLetter          no dead letter that can be read has this id
    |   +-- NoSuchOperator        no account has this name
    |   +-- NoTrace               a wish exists, its trace does not
    |   +-- NotYet                an expected change did not happen in time
    |   +-- NotReady              a check of `preflight` found something to do
    |   +-- DrillRefused          the stack is not at rest: a drill would prove nothing
    +-- LoadError                 a load did not begin as it should
    |   +-- LoadRefused           too large, or a target that must not be loaded (exit code 2)
    |   +-- SenderFailed          the process that sends did not start
    +-- NotInstalled              the environment has only what a demo needs
    +-- WishError                 one wish failed
        +-- WishRefused           the API answered with a problem
        +-- NotAnswered           the API cannot be reached, or did not recover in time
        +-- NotEnded              accepted, but did not end in time

`lastwish.commands.answer` maps all of them to an exit code, in one place.
"""

from collections.abc import Iterable

# ruff: noqa: N818 - they are named for what happened


class CommandError(Exception):
    """Base of all. `--json` reports `facts` besides message and next step.

    ``next_step`` is what to do now: each class has one, and who raises it may know a better one.
    """

    exit_code = 1
    next_step = ""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.next_step = str(facts.pop("next_step", self.next_step))
        self.facts = facts

    def words(self) -> str:
        """Return the message, and the next step in a second line unless the message has a `command` already."""
        return str(self) if "`" in str(self) else f"{self}\n  next: {self.next_step}"


class UsageError(CommandError):
    """The command line is wrong."""

    exit_code = 2
    next_step = "`lastwish --help` lists the commands; --help after a command lists its options"


class StackError(CommandError):
    """The local stack cannot do what was asked."""

    next_step = "read the logs in .lastwish/, then `lastwish down` and `lastwish up`"


class AlreadyRunning(StackError):
    """A stack runs already, or is being started."""

    next_step = "`lastwish status` shows it; wait, or stop it with `lastwish down`"


class NotRunning(StackError):
    """Nothing is running here."""

    next_step = "`lastwish up` starts a stack; --stack NAME means one on AWS"


class PortTaken(StackError):
    """Another program listens on the port."""

    next_step = "`lastwish up --port 0` takes a free one"


class NoNetwork(StackError):
    """This machine has no address for phones, or not the one asked for."""

    next_step = "join a network, name an address with `lastwish up --lan --address`, or leave --lan out"


class EngineFailed(StackError):
    """MiniStack did not start, or died."""


class DeployFailed(StackError):
    """The deploy failed, or what it deployed does not answer."""

    next_step = "read .lastwish/deploy.log, mend the template, then `lastwish up`"


class ProxyFailed(StackError):
    """The proxy did not start, or died."""


class Interrupted(StackError):
    """Ctrl-C or SIGTERM before the stack was up, or anything was sent to it."""

    exit_code = 130
    next_step = "run it again when you like"


class SheetError(CommandError):
    """A cue sheet is wrong. The message has a line for each thing."""

    exit_code = 2
    next_step = "mend it: docs/show.md says what a cue is, and `lastwish show FILE --check` tries it"


class TapeError(CommandError):
    """A recording cannot be written or read."""

    next_step = "`lastwish record FILE` makes a recording, in a new file"


class TemplateError(CommandError):
    """a template cannot be read, or lacks what the local stack needs."""

    next_step = "mend the template: `make check` says more"


class AwsError(CommandError):
    """AWS (or the engine) refused a call."""

    next_step = "`lastwish status` says what does not work; `lastwish preflight --stack NAME` checks an account on AWS"


class OperatorError(CommandError):
    """An operator's command cannot do what was asked."""

    next_step = "see `lastwish status`, do what the message says, and run it again"


class Busy(OperatorError):
    """The same command runs elsewhere, or took over this one's lock."""

    next_step = "wait until the other has ended, then run it again"


class NoSuchWish(OperatorError):
    """No stream and no dead letter has this id."""

    next_step = "try again in a minute; `lastwish dlq list` shows what did not arrive, `lastwish audit` what is missing"


class NoSuchLetter(OperatorError):
    """No dead letter that can be read has this id."""

    next_step = "`lastwish dlq list` shows the letters and their ids"


class NoSuchOperator(OperatorError):
    """No account has this name."""

    next_step = "`lastwish operator list` shows the names"


class NoTrace(OperatorError):
    """A wish exists, its trace does not."""

    next_step = "`lastwish logs WISH_ID` and `lastwish history WISH_ID` need no trace"


class NotYet(OperatorError):
    """An expected change did not happen in time."""


class NotReady(OperatorError):
    """A check of `preflight` found something to do. The message says what."""


class DrillRefused(OperatorError):
    """The stack is not at rest, so a drill would prove nothing. The message says why."""


class LoadError(CommandError):
    """A load did not begin as it should."""

    next_step = "see `lastwish status` and `lastwish load --help`, then run it again"


class LoadRefused(LoadError):
    """The load is too large, or its target must not be loaded."""

    exit_code = 2


class SenderFailed(LoadError):
    """The process that sends did not start. One that dies later is in the report."""


class NotInstalled(CommandError):
    """The environment has only what a demo needs."""

    next_step = "`make setup` installs what is missing"


class WishError(CommandError):
    """One wish failed."""

    next_step = "mend what the answer names, or see `lastwish status`; then send it again"


class WishRefused(WishError):
    """The API answered with a problem."""


class NotAnswered(WishError):
    """The API cannot be reached, or did not recover in time."""


class NotEnded(WishError):
    """The wish was accepted but did not end in time."""

    next_step = "`lastwish logs WISH_ID` and `lastwish dlq list` say where it is"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a question for the end of an error about an unknown name; empty where no known name is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def need(who: str, *packages: str) -> None:
    """Raise NotInstalled where one of these packages, which a demo does not install, is missing."""
    from importlib.util import find_spec

    if missing := [name for name in packages if find_spec(name) is None]:
        raise NotInstalled(f"{who} needs {', '.join(missing)}: run `make setup`")
