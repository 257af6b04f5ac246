"""What people are told to paste: the app's manifest, and the file of docs/chat.md."""

import re
import textwrap
from pathlib import Path

import yaml

from lastwish.shipping.chat import people
from lastwish.shipping.chat.desk import VERBS
from lastwish.shipping.deploying.environment import names
from tests.support import ROOT

MANIFEST = yaml.safe_load((ROOT / "lastwish/shipping/chat/manifest.yaml").read_text())


def test_the_manifest_names_the_command_and_its_verbs() -> None:
    (command,) = MANIFEST["features"]["slash_commands"]
    assert command["command"] == "/lastwish"
    assert command["usage_hint"] == f"{'|'.join(VERBS)} ENV"


def test_the_app_needs_no_address_and_may_post_and_nothing_else() -> None:
    settings = MANIFEST["settings"]
    assert (settings["socket_mode_enabled"], settings["interactivity"]) == (True, {"is_enabled": True})
    assert MANIFEST["oauth_config"]["scopes"] == {"bot": ["commands", "chat:write"]}


def test_the_file_that_the_document_shows_is_one(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/chat.md").read_text(), re.DOTALL)
    file = tmp_path / "chat.toml"
    file.write_text(textwrap.dedent(shown))
    settings = people.read(file, names(ROOT))
    assert {person.name for person in settings.people.values()} == {"ana", "ben"}
