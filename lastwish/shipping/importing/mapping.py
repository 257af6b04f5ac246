"""Mapping file of an import: which column of the source is which field of a wish. TOML, or YAML by its ending."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from lastwish.errors import UsageError
from lastwish.shipping.written import fault, read_written

MEND = "mend the mapping file: docs/migration.md has its fields"


def _column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


def _columns(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError("no time zone of this name") from None
    return name


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldOf(_Part):
    """Where a field comes from: a column or a constant. ``values`` maps what the column has to what we store."""

    column: Annotated[str, Field(min_length=1)] | None = None
    constant: str | None = None
    values: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.column is None) == (self.constant is None):
            raise ValueError("give a column or a constant")
        return self


class TimeOf(FieldOf):
    """Where the time of a wish comes from.

    ``format`` is ``iso`` (ISO 8601), ``epoch_s``, ``epoch_ms`` or a format of Python's strptime; ``zone`` is that of
    times that name none.
    """

    format: str = "iso"
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"


type _Columns = Annotated[tuple[str, ...], BeforeValidator(_columns)]


class Mapping(_Part):
    """``source`` names the source for ever: the wish ids follow from it and the ``key`` of a row.

    ``batch`` names a part of it that is imported, and compared, on its own.

    ``order`` are the columns by which rows get their seats; without, files keep their order and PostgreSQL's rows come
    by key. ``table`` is for databases, ``delimiter`` for CSV.
    """

    source: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,60}$")]
    batch: Annotated[str, Field(pattern=r"^[a-z0-9.-]{0,30}$")] = ""
    key: Annotated[_Columns, Field(min_length=1)]
    order: _Columns = ()
    table: str = ""
    delimiter: Annotated[str, Field(pattern=r'^[^"\r\n]$')] = ","
    message: Annotated[FieldOf, BeforeValidator(_column)]
    destination: Annotated[FieldOf, BeforeValidator(_column)]
    time: Annotated[TimeOf, BeforeValidator(_column)]
    name: Annotated[FieldOf, BeforeValidator(_column)] = FieldOf(constant="")

    @property
    def origin(self) -> str:
        """Return what the commits have as their correlation id."""
        return ":".join(filter(None, ("import", self.source, self.batch)))

    @property
    def columns(self) -> set[str]:
        """Return every column that it names."""
        fields = (self.message, self.destination, self.time, self.name)
        return {each.column for each in fields if each.column is not None} | {*self.key, *self.order}


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises UsageError, which names every fault by its field."""
    try:
        text = read_written(path)
        found: Any = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
        return Mapping.model_validate(found)
    except ValidationError as error:
        raise UsageError(f"{path}: {'; '.join(map(fault, error.errors()))}", next_step=MEND) from None
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"cannot read {path}: {error}", next_step=MEND) from error
