"""template.yaml, read as SAM reads it: `!Sub x` is `{"Fn::Sub": "x"}`, `!Ref x` is `{"Ref": "x"}`."""

from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import intrinsics_multi_constructor

from lastwish.errors import TemplateError


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # the slow one where libyaml is not
    """With CloudFormation's tags."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


def parse(text: str) -> Any:
    """A template's text. Raises yaml.YAMLError."""
    return yaml.load(text, _Loader)  # noqa: S506 - it is a safe loader


def resources(template: Path) -> dict[str, Any]:
    """Its resources by logical id. Raises TemplateError."""
    try:
        found: dict[str, Any] = dict(parse(template.read_text())["Resources"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise TemplateError(f"cannot read {template}: {error!r}") from error
    return found
