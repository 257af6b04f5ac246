"""Settings that change without a deploy: what Parameter Store has counts before the environment (decision 0039).

Imported only where the stack names a path in Parameter Store: the import and the client cost a start.
"""

from typing import Any

from aws_lambda_powertools.utilities.parameters import SSMProvider
from botocore.exceptions import BotoCoreError, ClientError

from infra.aws import client, error_code
from infra.settings import ParserSettings
from infra.telemetry import count, logger

MAX_AGE = 10  # seconds: each environment asks once in them, and Parameter Store answers 40 calls a second
_FIELDS = {"ClosedDestinations": "closed_destinations", "HeldWords": "held_words"}  # by their names in the template


class Parameters(SSMProvider):
    """Parameters below the path in some settings. A read that fails counts as one that found what the last one did."""

    def __init__(self, settings: ParserSettings) -> None:
        super().__init__(boto3_client=client("ssm", retries={"total_max_attempts": 1}))
        self._settings, self._last = settings, dict[str, str]()

    def current(self) -> ParserSettings:
        """Return the settings as they are now, at most ``MAX_AGE`` old. Never raises."""
        found = self.get_multiple(self._settings.parameter_path, max_age=MAX_AGE)
        return ParserSettings.model_validate(self._settings.model_dump() | found)

    def _get_multiple(self, path: str, *_: Any, **__: Any) -> dict[str, str]:
        """Return what there is by field, from one call for exactly these names: the role allows no others."""
        try:
            read = self.client.get_parameters(Names=[path + name for name in _FIELDS])["Parameters"]
        except (BotoCoreError, ClientError) as error:
            logger.warning("settings may be out of date", extra={"reason": error_code(error)})
            count("SettingsUnread")
            return self._last
        self._last = {_FIELDS[each["Name"].removeprefix(path)]: each["Value"] for each in read}
        return self._last
