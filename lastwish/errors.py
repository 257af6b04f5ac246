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
    |   +-- LoadNotInstalled      the environment has only what a demo needs
    |   +-- SenderFailed          the process that sends did not start
    +-- SimulationNotInstalled    the environment has only what a demo needs
    +-- ShippingNotInstalled      the environment has only what a demo needs
    +-- WishError                 one wish failed
        +-- WishRefused           the API answered with a problem
        +-- NotAnswered           the API cannot be reached, or did not recover in time
        +-- NotEnded              accepted, but did not end in time

`lastwish.commands.answer` maps all of them to an exit code, in one place.
"""


# ruff: noqa: N818 - they are named for what happened


class CommandError(Exception):
    """Base of all. `--json` reports `facts` besides the message."""

    exit_code = 1

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts


class UsageError(CommandError):
    """The command line is wrong."""

    exit_code = 2


class StackError(CommandError):
    """The local stack cannot do what was asked."""


class AlreadyRunning(StackError):
    """A stack runs already, or is being started."""


class NotRunning(StackError):
    """Nothing is running here."""


class PortTaken(StackError):
    """Another program listens on the port."""


class NoNetwork(StackError):
    """This machine has no address for phones, or not the one asked for."""


class EngineFailed(StackError):
    """MiniStack did not start, or died."""


class DeployFailed(StackError):
    """The deploy failed, or what it deployed does not answer."""


class ProxyFailed(StackError):
    """The proxy did not start, or died."""


class Interrupted(StackError):
    """Ctrl-C or SIGTERM before the stack was up, or anything was sent to it."""

    exit_code = 130


class SheetError(CommandError):
    """A cue sheet is wrong. The message has a line for each thing."""

    exit_code = 2


class TapeError(CommandError):
    """A recording cannot be written or read."""


class TemplateError(CommandError):
    """a template cannot be read, or lacks what the local stack needs."""


class AwsError(CommandError):
    """AWS (or the engine) refused a call."""


class OperatorError(CommandError):
    """An operator's command cannot do what was asked."""


class Busy(OperatorError):
    """The same command runs elsewhere, or took over this one's lock."""


class NoSuchWish(OperatorError):
    """No stream and no dead letter has this id."""


class NoSuchLetter(OperatorError):
    """No dead letter that can be read has this id."""


class NoSuchOperator(OperatorError):
    """No account has this name."""


class NoTrace(OperatorError):
    """A wish exists, its trace does not."""


class NotYet(OperatorError):
    """An expected change did not happen in time."""


class NotReady(OperatorError):
    """A check of `preflight` found something to do. The message says what."""


class DrillRefused(OperatorError):
    """The stack is not at rest, so a drill would prove nothing. The message says why."""


class LoadError(CommandError):
    """A load did not begin as it should."""


class LoadRefused(LoadError):
    """The load is too large, or its target must not be loaded."""

    exit_code = 2


class LoadNotInstalled(LoadError):
    """The environment has only what a demo needs."""


class SenderFailed(LoadError):
    """The process that sends did not start. One that dies later is in the report."""


class SimulationNotInstalled(CommandError):
    """The environment has only what a demo needs."""


class ShippingNotInstalled(CommandError):
    """The environment has only what a demo needs."""


class WishError(CommandError):
    """One wish failed."""


class WishRefused(WishError):
    """The API answered with a problem."""


class NotAnswered(WishError):
    """The API cannot be reached, or did not recover in time."""


class NotEnded(WishError):
    """The wish was accepted but did not end in time."""
