import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastwish.errors import UsageError
from lastwish.shipping.importing.mapping import Mapping, load_mapping
from tests.support.importing import MAPPING, MAPPING_FILE

YAML = """\
source: letters
table: letters
key: id
message: body
name: author
time: created_at
destination: {column: dest, values: {M: mars, J: jupiter}}
"""


@pytest.mark.parametrize(("name", "text"), [("letters.toml", MAPPING_FILE), ("letters.yaml", YAML)])
def test_toml_and_yaml_say_the_same(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert load_mapping(tmp_path / name) == MAPPING


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ('message = "body"\n', "message: Field required"),
        ('key = "id"', "key: Field required"),
        ('source = "letters"', "source: Field required"),
        ('column = "dest"', "destination: Value error, give a column or a constant"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, changed: str, fault: str) -> None:
    file = tmp_path / "letters.toml"
    file.write_text(MAPPING_FILE.replace(changed, ""))
    with pytest.raises(UsageError, match=fault):
        load_mapping(file)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('zone = "Mars/Olympus"', "no time zone of this name"),
        ('colunm = "x"', "letters.toml: time.colunm: Extra inputs are not permitted"),
        ('constant = "2019"', "give a column or a constant"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, line: str, fault: str) -> None:
    file = tmp_path / "letters.toml"
    file.write_text(MAPPING_FILE.replace('time = "created_at"', f'[time]\ncolumn = "created_at"\n{line}'))
    with pytest.raises(UsageError, match=fault):
        load_mapping(file)


@pytest.mark.parametrize("delimiter", ['"', "\n", "\r", "", ";;"])
def test_what_cannot_be_between_columns_is_no_delimiter(tmp_path: Path, delimiter: str) -> None:
    file = tmp_path / "letters.toml"
    file.write_text(f"delimiter = {json.dumps(delimiter)}\n{MAPPING_FILE}")
    with pytest.raises(UsageError, match="delimiter: String should match"):
        load_mapping(file)


@pytest.mark.parametrize(("name", "text"), [("a.toml", "source ="), ("a.yaml", "{"), ("a.yaml", "7"), ("a.toml", "é")])
def test_what_is_no_mapping_is_one_plain_line(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError) as caught:
        load_mapping(tmp_path / name)
    assert name in str(caught.value)


def test_a_file_that_is_not_there_is_one_plain_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        load_mapping(tmp_path / "none.toml")


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=6))
def test_every_column_of_a_mapping_is_among_its_columns(names: set[str]) -> None:
    first, *rest = sorted(names)
    mapping = Mapping.model_validate(
        {"source": "a", "key": rest or first, "order": rest, "message": first, "destination": first, "time": first}
    )
    assert mapping.columns == names
