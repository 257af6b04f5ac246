"""Errors of a deploy. Each message ends with the next step.

CommandError
+-- DeployError          a deploy cannot do what was asked, or ended without success
    +-- DeployLocked     another one holds the environment, or took it over
    +-- DeployStopped    somebody asked it to stop
    +-- DeployDeclined   the changes were not confirmed
    +-- StackFailed      CloudFormation could not do it; the stack is as it was, or as the message says
"""

# ruff: noqa: N818 - they are named for what happened

from lastwish.errors import CommandError


class DeployError(CommandError):
    """A deploy cannot do what was asked, or ended without success."""

    next_step = "do what the message says, then `lastwish deploy ENV` goes on where it stopped"


class DeployLocked(DeployError):
    """Another one holds the environment, or took it over."""

    next_step = "wait until it has ended, or end it with `lastwish stop ENV`"


class DeployStopped(DeployError):
    """Somebody asked it to stop."""

    next_step = "`lastwish deploy ENV` goes on where it stopped"


class DeployDeclined(DeployError):
    """The changes were not confirmed."""

    next_step = "run it again and type what it asks for; where nobody can type, --confirm ENV answers"


class StackFailed(DeployError):
    """CloudFormation could not do it."""
