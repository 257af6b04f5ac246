"""The environment that the engine and `sam` get: made from nothing, so that no command here can reach a real account.

Profiles, credentials, endpoints, proxies and Python settings of the operator's shell stay outside.
"""

import os

from lastwish.aws.clients import REGION
from lastwish.local.processes import MARK
from lastwish.local.state import Home

HOST = "127.0.0.1"
_KEPT = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT")


def clean(home: Home) -> dict[str, str]:
    """The few variables that every process of ours needs, and dummy AWS credentials."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | {
        MARK: str(home.path),
        "TMPDIR": str(home.tmp),
        "PYTHONUNBUFFERED": "1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",  # seconds; its own five are more than the engine takes
    }


def own_settings() -> dict[str, str]:
    """Last Wish's own settings, for its own processes. Not for the engine: its functions would inherit them."""
    return {name: value for name, value in os.environ.items() if name.startswith("LASTWISH_") and name != MARK}
