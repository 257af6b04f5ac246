"""The file that says who may do what, and what is wrong with one."""

from pathlib import Path

import pytest

from lastwish.shipping.chat.people import ChatError, Settings, read

KNOWN = ["dev", "local", "prod"]
ANA = 'people.U0ANA = { name = "ana", environments = ["dev", "local"] }\n'


def settings(tmp_path: Path, text: str = ANA) -> Settings:
    file = tmp_path / "chat.toml"
    file.write_text(text)
    return read(file, KNOWN)


def test_somebody_has_the_environments_of_the_file(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found.person("U0ANA").name == found.person("U0ANA", "local").name == "ana"


def test_an_unknown_member_is_refused_with_the_id_that_the_file_would_need(tmp_path: Path) -> None:
    with pytest.raises(ChatError, match="does not know you; your member id is U0BEN") as refused:
        settings(tmp_path).person("U0BEN", "dev")
    assert "ask who runs `lastwish chat`" in refused.value.next_step


@pytest.mark.parametrize("environment", ["prod", "mars", ""])
def test_another_environment_is_refused_with_those_that_are_theirs(tmp_path: Path, environment: str) -> None:
    with pytest.raises(ChatError, match="is not for ana, whose environments are: dev, local"):
        settings(tmp_path).person("U0ANA", environment)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("people = [", "cannot be read: Invalid value"),
        ("", "people: Field required"),
        ("nobody = 1\n" + ANA, "nobody: Extra inputs are not permitted"),
        ('people.ana = { name = "ana", environments = [] }', "people.ana.*should match pattern"),
        ('people.U0ANA = { name = "<!channel>", environments = [] }', "people.U0ANA.name: String should match"),
        ('people.U0ANA = { name = "ana", environments = "dev" }', "people.U0ANA.environments"),
        ('people.U0ANA = { name = "ana", environments = ["prd"] }', r"no environment 'prd' \(did you mean prod\?\)"),
        ('channel = "#alarms"\n' + ANA, "channel: String should match pattern"),
        ('channel = "C0ALARMS"\nwatch = ["mars"]\n' + ANA, "no environment 'mars'"),
        ('watch = ["local"]\n' + ANA, "watch needs a channel"),
        (ANA + ANA.replace("U0ANA", "U0ANNA"), "two people have the same name"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_the_file_and_the_place(tmp_path: Path, text: str, error: str) -> None:
    with pytest.raises(ChatError, match=f"chat.toml.*{error}"):
        settings(tmp_path, text)


def test_a_missing_file_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    with pytest.raises(ChatError, match=r"cannot be read: .*No such file") as missing:
        read(tmp_path / "chat.toml", KNOWN)
    assert "docs/chat.md" in missing.value.next_step
