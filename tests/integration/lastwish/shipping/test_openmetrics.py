"""What `lastwish prometheus` writes, and when it does not."""

import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from lastwish.errors import StackError, UsageError
from lastwish.local.agent import openmetrics as agent
from lastwish.local.state import State
from lastwish.shipping import openmetrics
from lastwish.shipping.openmetrics import Watch

KEY = "LW0123456789ABCDEF"
WATCH = Watch("127.0.0.1:4567", agent.credentials(KEY), "http://127.0.0.1:8045/docs/runbooks/")


@contextmanager
def an_agent(status: int, text: str) -> Iterator[State]:
    """A stack whose agent answers so."""

    class Agent(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Agent) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        yield State("http://127.0.0.1:8045/", xray=f"http://127.0.0.1:{server.server_port}", key=KEY)


def test_the_configuration_names_the_agent_and_has_no_secret_in_it(tmp_path: Path) -> None:
    openmetrics.write(tmp_path / "new", WATCH)
    text = (tmp_path / "new" / "prometheus.yml").read_text()
    [scrape] = yaml.safe_load(text)["scrape_configs"]
    assert scrape["static_configs"][0]["targets"] == ["127.0.0.1:4567"]
    assert agent.token(KEY) not in text
    credentials = tmp_path / "new" / scrape["authorization"]["credentials_file"]
    assert (credentials.read_text(), stat.S_IMODE(credentials.stat().st_mode)) == (WATCH.credentials, 0o600)
    assert "http://127.0.0.1:8045/docs/runbooks/store-refuses.md" in (tmp_path / "new" / "rules.yml").read_text()


def test_written_anew_they_are_of_the_new_stack(tmp_path: Path) -> None:
    openmetrics.write(tmp_path, WATCH)
    (tmp_path / "credentials").chmod(0o644)
    openmetrics.write(tmp_path, Watch("127.0.0.1:1", "Credential=new", "", 12))
    assert "127.0.0.1:1" in (tmp_path / "prometheus.yml").read_text()
    assert (tmp_path / "credentials").read_text() == "Credential=new"
    assert stat.S_IMODE((tmp_path / "credentials").stat().st_mode) == 0o600


def test_the_configuration_of_another_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("global: {}\n")
    with pytest.raises(UsageError, match="name another folder"):
        openmetrics.write(tmp_path, WATCH)
    assert [each.name for each in tmp_path.iterdir()] == ["prometheus.yml"]


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write"):
        openmetrics.write(tmp_path / "file", WATCH)


def test_a_stack_that_shows_metrics_can_be_watched() -> None:
    with an_agent(200, "# EOF\n") as state:
        found = openmetrics.watch(state, 12)
    assert found == Watch(state.xray.removeprefix("http://"), agent.credentials(KEY), WATCH.runbooks, 12)


@pytest.mark.parametrize(
    ("status", "text", "words"), [(501, agent.MISSING, "make setup"), (404, "", "lastwish down, then lastwish up")]
)
def test_one_that_shows_none_says_what_to_do(status: int, text: str, words: str) -> None:
    with an_agent(status, text) as state, pytest.raises(StackError, match=words):
        openmetrics.watch(state)


@pytest.mark.parametrize("xray", ["", "http://127.0.0.1:9"])
def test_an_agent_that_does_not_answer_is_said(xray: str) -> None:
    with pytest.raises(StackError, match="lastwish status"):
        openmetrics.watch(State("http://127.0.0.1:8045/", xray=xray, key=KEY))
