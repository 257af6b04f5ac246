"""Build the environment of the engine and its helpers from nothing, so that none of them can reach a real account.

No profile, credential, endpoint, proxy or Python setting of the operator's shell is passed on.
"""

import os
import sys
from pathlib import Path

from lastwish.aws.clients import REGION, UNCHECKED
from lastwish.local.processes import MARK
from lastwish.local.state import ROOT, Home

HOST = "127.0.0.1"
LASTWISH = Path(sys.executable).with_name("lastwish")
_KEPT = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT")


def clean(home: Home, key: str) -> dict[str, str]:
    """Return the few variables that every process of the stack needs, with its key as AWS credentials."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | {
        MARK: str(home.path),
        "TMPDIR": str(home.tmp),
        "PYTHONUNBUFFERED": "1",
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": UNCHECKED,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",  # seconds; the default of five is longer than a deploy to the engine
    }


def template() -> Path:
    """Return the file `LASTWISH_TEMPLATE`, or the repository's own template."""
    return Path(os.environ.get("LASTWISH_TEMPLATE") or ROOT / "template.yaml").resolve()


def of_a_command(home: Home) -> dict[str, str]:
    """Return the environment of a `lastwish` command for the stack in this home: the operator's own."""
    return dict(os.environ) | {"LASTWISH_HOME": str(home.path)}


def own_settings() -> dict[str, str]:
    """Return Last Wish's own settings, for its own processes: the engine's functions must not inherit them."""
    return {name: value for name, value in os.environ.items() if name.startswith("LASTWISH_") and name != MARK}
