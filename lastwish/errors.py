"""What can go wrong while operating Last Wish.

    CommandError                 everything below: one plain line for a person, exit code 1
    +-- UsageError                a command cannot be carried out as it was typed (exit code 2)
    +-- StackError                the local stack cannot do what was asked
    |   +-- AlreadyRunning        a second `up`
    |   +-- NotRunning            something needs a stack and none runs
    |   +-- PortTaken             the proxy's port belongs to somebody else
    |   +-- NoNetwork             this machine has no address for phones, or not the one that was asked for
    |   +-- EngineFailed          MiniStack did not start, or died
    |   +-- DeployFailed          `sam deploy` failed
    |   +-- ProxyFailed           the proxy did not start, or died
    |   +-- Interrupted           Ctrl-C or SIGTERM before it had begun (exit code 130)
    +-- TemplateError             template.yaml does not say what the proxy needs
    +-- AwsError                  AWS (or the engine) refused a call
    +-- OperatorError             an operator's command cannot do what was asked
    |   +-- Busy                  the same command runs elsewhere, or took this one's lock away
    |   +-- NoSuchWish            no stream and no dead letter has this id
    |   +-- NoSuchOperator        nobody of this name may use the console
    |   +-- NotYet                what was waited for did not happen in time
    +-- LoadError                 a load did not begin as it should
    |   +-- LoadRefused           it is too much, or its target is none that may be loaded (exit code 2)
    |   +-- SenderFailed          the process that sends did not start
    +-- WishError                 one wish did not make it
        +-- WishRefused           the API answered with a problem
        +-- NotAnswered           the API cannot be reached, or did not recover in time
        +-- NotEnded              accepted, but did not end in time

`lastwish.commands.answer` maps all of them to an exit code, in one place.
"""


# ruff: noqa: N818 - they are named for what happened


class CommandError(Exception):
    """Base of all. `facts` are what `--json` reports besides the message."""

    exit_code = 1

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts


class UsageError(CommandError):
    """A command cannot be carried out as it was typed."""

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
    """This machine has no address for phones, or not the one that was asked for."""


class EngineFailed(StackError):
    """MiniStack did not start, or died."""


class DeployFailed(StackError):
    """`sam deploy` failed, or what it deployed does not answer."""


class ProxyFailed(StackError):
    """The proxy did not start, or died."""


class Interrupted(StackError):
    """Ctrl-C or SIGTERM before the stack was up, or anything was sent to it."""

    exit_code = 130


class TemplateError(CommandError):
    """template.yaml does not say what the proxy needs."""


class AwsError(CommandError):
    """AWS (or the engine) refused a call."""


class OperatorError(CommandError):
    """An operator's command cannot do what was asked."""


class Busy(OperatorError):
    """The same command runs elsewhere, or took this one's lock away."""


class NoSuchWish(OperatorError):
    """No stream and no dead letter has this id."""


class NoSuchOperator(OperatorError):
    """Nobody of this name may use the console."""


class NotYet(OperatorError):
    """What was waited for did not happen in time."""


class LoadError(CommandError):
    """A load did not begin as it should."""


class LoadRefused(LoadError):
    """It is too much, or its target is none that may be loaded."""

    exit_code = 2


class SenderFailed(LoadError):
    """The process that sends did not start. One that dies later is in the report."""


class WishError(CommandError):
    """One wish did not make it."""


class WishRefused(WishError):
    """The API answered with a problem."""


class NotAnswered(WishError):
    """The API cannot be reached, or did not recover in time."""


class NotEnded(WishError):
    """The wish was accepted but did not end in time."""
