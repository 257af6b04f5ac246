"""Write what a Prometheus needs to watch the local stack: its configuration, the rules, the credentials."""

from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from lastwish.errors import StackError, UsageError
from lastwish.local.agent import openmetrics
from lastwish.local.state import STACK, State
from observability import rules

CONFIG, RULES, CREDENTIALS = "prometheus.yml", "rules.yml", "credentials"
EVERY, EVERY_IN_A_DRILL = 5, 2  # seconds; the agent has something new every two
_MARK = "# Written by `lastwish prometheus`: it writes this file anew."


@dataclass(frozen=True, slots=True)
class Watch:
    """``target`` is the agent as host:port. With a ``pace`` above 1 the rules run so many times faster."""

    target: str
    credentials: str
    runbooks: str
    pace: float = 1

    def config(self) -> str:
        """Return prometheus.yml. Its paths are relative to itself."""
        every = f"{EVERY if self.pace == 1 else EVERY_IN_A_DRILL}s"
        scrape = {
            "job_name": rules.JOB,
            "authorization": {"type": openmetrics.SCHEME, "credentials_file": CREDENTIALS},
            "static_configs": [{"targets": [self.target], "labels": {"stack": STACK}}],
        }
        document = {
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": [RULES],
            "scrape_configs": [scrape],
        }
        return f"{_MARK}\n{yaml.safe_dump(document, sort_keys=False)}"


def watch(state: State, pace: float = 1) -> Watch:
    """Return how to watch a stack that runs. Raises StackError where its agent shows no metrics, with what to do."""
    credentials = openmetrics.credentials(state.key)
    try:
        headers = {"Authorization": f"{openmetrics.SCHEME} {credentials}"}
        answer = httpx.get(f"{state.xray}{openmetrics.PATH}", headers=headers, timeout=10, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StackError(f"the agent does not answer ({type(error).__name__}): see `lastwish status`") from None
    if answer.status_code == 501:
        raise StackError(answer.text.strip())
    if answer.status_code != 200:
        raise StackError(
            f"the agent answers {answer.status_code}: an older version started it; lastwish down, then lastwish up"
        )
    return Watch(state.xray.partition("://")[2], credentials, f"{state.url}docs/runbooks/", pace)


def write(folder: Path, watched: Watch) -> None:
    """Write the three files; only their owner reads the credentials. Raises UsageError, also for a file of others."""
    config = folder / CONFIG
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if config.exists() and not config.read_text().startswith(_MARK):
            raise UsageError(f"{config} is not one that this command wrote: name another folder")
        (folder / RULES).write_text(rules.text(watched.pace, watched.runbooks))
        (folder / CREDENTIALS).unlink(missing_ok=True)
        (folder / CREDENTIALS).touch(mode=0o600)
        (folder / CREDENTIALS).write_text(watched.credentials)
        config.write_text(watched.config())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot write to {folder}: {error}") from None
