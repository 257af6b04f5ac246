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


class DeployLocked(DeployError):
    """Another one holds the environment, or took it over."""


class DeployStopped(DeployError):
    """Somebody asked it to stop."""


class DeployDeclined(DeployError):
    """The changes were not confirmed."""


class StackFailed(DeployError):
    """CloudFormation could not do it."""
