"""Record what runs and where in the state directory `.lastwish/`, with a lock against a second `up`."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from lastwish.aws.clients import UNCHECKED, Endpoint
from lastwish.aws.operators import Operator
from lastwish.errors import AlreadyRunning, CommandError, DrillRefused, NotRunning, StackError
from lastwish.local.processes import ProcessId

# Parts without which no wish is stored. The others are agent, watcher and, with `--lan`, network.
NEEDED = ("engine", "proxy")
ROOT = Path(__file__).resolve().parents[2]
STACK = "lastwish-local"  # its name in CloudFormation


@dataclass(frozen=True)
class Restart:
    """Part that was started again, or should have been: `time` is ISO 8601 in UTC, `put_back` counts by kind."""

    part: str
    time: str
    why: str
    result: str
    put_back: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"the {self.part} {self.why}: {self.result}"


@dataclass(frozen=True)
class PutBack:
    """Counts of what was put back. ``messages`` were on their way; nobody was told of ``unanswered`` wishes in them.

    ``torn``: the last line was cut off by the crash; ``unreadable`` are numbers of other lines that say nothing.
    """

    commits: int = 0
    messages: int = 0
    unanswered: int = 0
    torn: bool = False
    unreadable: list[int] = field(default_factory=list)

    def facts(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return asdict(self)

    def words(self) -> list[str]:
        """Return it in lines for a person; none where there was nothing."""
        counts = f"{self.commits:,} commits, {self.messages:,} messages that were on their way"
        unanswered = f", {self.unanswered:,} of them never answered" if self.unanswered else ""
        said = {
            f"put back: {counts}{unanswered}; sessions ended, sign in again": self.commits or self.messages,
            "the journal's last line was cut off: nobody had been answered for it": self.torn,
            f"lines of the journal that cannot be read: {', '.join(map(str, self.unreadable))}": self.unreadable,
        }
        return [words for words, is_so in said.items() if is_so]


@dataclass(frozen=True)
class State:
    """Parts that were started so far. `ready` is false until all of them answer.

    `url` is the base URL on loopback, `lan` the one for phones; `engine` and `xray` are endpoint URLs for boto3, `key`
    the access key id that both let in (door.py). `daemon` is the agent's address for datagrams, as host:port;
    `stage_path` the path of the API's stage on the engine. The defaults serve a state that an older version saved.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    url: str
    engine: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    processes: dict[str, ProcessId] = field(default_factory=dict)
    ready: bool = False
    lan: str | None = None
    operator: Operator | None = None
    xray: str = ""
    key: str = ""
    daemon: str = ""
    stage_path: str = ""
    restarts: tuple[Restart, ...] = ()

    @property
    def aws(self) -> Endpoint:
        """Engine, for boto3."""
        return Endpoint(self.engine, self.key)

    @property
    def traces(self) -> Endpoint:
        """Agent, which stands in for X-Ray, for boto3."""
        return Endpoint(self.xray, self.key)

    @property
    def public(self) -> str:
        """Base URL for the audience."""
        return self.lan or self.url

    @property
    def console(self) -> str:
        """URL of the operators' page, which answers on this machine only."""
        return self.url + "console"

    @property
    def wall(self) -> str:
        """URL of the wall, for the big screen."""
        return self.url + "wall"

    @property
    def pids(self) -> dict[str, int]:
        """Process id of each part, by its name."""
        return {name: process.pid for name, process in self.processes.items()}

    def runs(self, part: str) -> bool:
        """Return whether the process of a part is alive."""
        return part in self.processes and self.processes[part].alive()

    def facts(self) -> dict[str, object]:
        """Return what `--json` reports about a stack."""
        return {
            "url": self.url,
            "wall": self.wall,
            "console": self.console,
            "lan": self.lan,
            "operator": self.operator and asdict(self.operator),
            "engine": self.engine,
            "xray": self.xray,
            "credentials": {"access_key_id": self.key, "secret_access_key": UNCHECKED},
            "outputs": self.outputs,
            "pids": self.pids,
            "restarts": [asdict(each) for each in self.restarts],
        }


_STATE = TypeAdapter(State)


def write_secret(file: Path, content: object) -> None:
    """Write JSON with a secret in it, readable to the owner only. A reader sees the old file or the new one."""
    draft = file.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2))
    draft.replace(file)


def _load(file: Path) -> State | None:
    try:
        stored = json.loads(file.read_text())
        return _STATE.validate_python(stored) if "processes" in stored else None
    except (OSError, ValueError, TypeError):
        return None


class Home:
    """One state directory. Two directories hold two independent stacks."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.state_file = self.path / "state.json"
        self.stopped_file = self.path / "stopped.json"
        self.env_file = self.path / "env.json"
        self.ledger = self.path / "ledger.jsonl"
        self.journal = self.path / "journal.jsonl"
        self.stage = self.path / "stage.json"
        self.answers = self.path / "stage.sqlite"
        self.tmp = self.path / "tmp"

    @classmethod
    def from_environment(cls) -> "Home":
        """Return the directory `LASTWISH_HOME`, or `.lastwish/` beside template.yaml."""
        return cls(Path(os.environ.get("LASTWISH_HOME") or ROOT / ".lastwish"))

    def log(self, name: str) -> Path:
        """Return the log file of a part, or of the deploy: the proxy's two processes have one."""
        return self.path / f"{'proxy' if name == 'network' else name}.log"

    def create(self) -> None:
        """Create the directory, readable to its owner only: the engine's log may hold what people typed."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            self.tmp.mkdir(mode=0o700, exist_ok=True)
            (self.path / "lock").touch(mode=0o600)
        except OSError as error:
            raise StackError(f"cannot write to {self.path}: {error.strerror}") from error

    def lock(self) -> AbstractContextManager[None]:
        """Hold the lock to start, stop or empty the stack. It ends with its holder. Raises AlreadyRunning."""
        words = "another lastwish command is starting, stopping or emptying this stack: wait for it"
        return self._held("lock", AlreadyRunning(words))

    def breaking(self) -> AbstractContextManager[None]:
        """Hold the lock to break the stack: two drills or shows at once would prove nothing. Raises DrillRefused."""
        words = "a drill or a show runs on this stack already: wait for its end, or end it"
        return self._held("breaking", DrillRefused(words))

    @contextmanager
    def _held(self, name: str, refusal: CommandError) -> Iterator[None]:
        self.create()
        with (self.path / name).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise refusal from None
            yield

    def load(self) -> State | None:
        """Return the saved state; None without one, and for one that another version saved in another form."""
        return _load(self.state_file)

    def there(self) -> State:
        """Return the state of a stack that is up or being started. Raises NotRunning."""
        if (state := self.load()) is None:
            raise NotRunning("nothing is running: start it with `lastwish up`", running=False)
        return state

    def running(self) -> State:
        """Return the state of a stack that is up; health.py checks its parts. Raises NotRunning."""
        state = self.there()
        if not state.ready:
            restarts = {"restarts": state.facts()["restarts"]}
            raise NotRunning("it is being started: wait, or `lastwish up` does it again", running=False, **restarts)
        return state

    def stopped(self) -> State | None:
        """Return the last stack that was stopped here: the next one has its port, key and password."""
        state = _load(self.stopped_file)
        return state and replace(state, processes={}, restarts=())

    def save(self, state: State) -> None:
        """Replace the saved state. It holds the key and the operator's password."""
        write_secret(self.state_file, asdict(state))

    def has_journal(self) -> bool:
        """Return whether the journal may hold wishes."""
        return self.journal.exists() and self.journal.stat().st_size > 0

    def mark_logs(self, words: str) -> None:
        """Write a line into each log, to tell what was logged before from what comes after it."""
        for log in self.path.glob("*.log"):
            with log.open("a") as file:
                print(f"--- {datetime.now(UTC).isoformat(timespec='seconds')} {words}: started again", file=file)

    def clear_logs(self) -> None:
        """Delete the logs, so that a failure is never explained by the log of an earlier run."""
        for log in self.path.glob("*.log"):
            log.unlink()

    def delete_journal(self) -> None:
        """Delete the wishes of a stack that does not run, and its port and password: nothing is left to be put back."""
        self.journal.unlink(missing_ok=True)
        self.stopped_file.unlink(missing_ok=True)

    def clear_tmp(self) -> None:
        """Delete the engine's files: it unpacks the functions there and, when killed, does not clean up."""
        shutil.rmtree(self.tmp, ignore_errors=True)

    def delete_state(self) -> None:
        """Record that nothing runs here any more, and keep what did as the stack that was stopped."""
        with suppress(FileNotFoundError):
            self.state_file.replace(self.stopped_file)
        self.env_file.unlink(missing_ok=True)
