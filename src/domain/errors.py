"""Error tree. Permanent and transient errors are different branches: they are handled in different ways.

LastWishError
├── PermanentError          can never succeed: a message goes to its dead-letter queue at once, with the reason
│   ├── MalformedMessage    not an envelope of ours, or one with the wrong data
│   ├── UnstorableCommit    the store refuses what is in it (too large, a value of a wrong type)
│   └── UnreadableCommit    a stored commit has no form that this version knows
└── TransientError          may succeed later: a message goes back to its queue, a request is answered 503
    ├── QueueUnavailable    SQS did not acknowledge
    ├── StoreUnavailable    DynamoDB did not answer, or throttles
    └── VersionConflict     somebody else appended to the stream first

The message of such an error must not hold what a person typed: it is logged, traced and attached to dead letters.
"""


class LastWishError(Exception):
    """Base of everything this project raises on purpose."""


class PermanentError(LastWishError):
    """Trying again cannot help."""


class TransientError(LastWishError):
    """Trying again later may help. ``code`` is AWS's error code, where there is one."""

    def __init__(self, reason: str = "", code: str = "") -> None:
        super().__init__(reason)
        self.code = code


class MalformedMessage(PermanentError):  # noqa: N818  the field's names, not Python's suffix
    """A queue delivered a message that is not one of ours."""


class UnstorableCommit(PermanentError):  # noqa: N818
    """Storing this commit can never succeed."""


class UnreadableCommit(PermanentError):  # noqa: N818
    """A stored commit has no form that this version knows. Attributes: ``stream``, ``version``, ``reason``."""

    def __init__(self, stream: str, version: int, reason: str) -> None:
        super().__init__(f"version {version} of {stream}: {reason}")
        self.stream, self.version, self.reason = stream, version, reason


class QueueUnavailable(TransientError):  # noqa: N818
    """SQS did not acknowledge a message, so it may not be queued."""


class StoreUnavailable(TransientError):  # noqa: N818
    """DynamoDB did not answer in time, or refused."""


class VersionConflict(TransientError):  # noqa: N818
    """Another writer appended to the stream since it was read.

    It has passed ``expected``, the version on which the decision was based, and is at ``actual`` at least.
    """

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"{stream} is at version {actual} at least, not at {expected}")
