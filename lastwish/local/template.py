"""Read template.yaml as SAM reads it: `!Sub x` is `{"Fn::Sub": "x"}`, `!Ref x` is `{"Ref": "x"}`."""

from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import intrinsics_multi_constructor

from lastwish.errors import TemplateError


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # the slow one where libyaml is not
    """With CloudFormation's tags."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


def parse(text: str) -> Any:
    """Parse a template's text. Raises yaml.YAMLError."""
    return yaml.load(text, _Loader)  # nosec B506 # noqa: S506 - it is a safe loader


def resources(template: Path) -> dict[str, Any]:
    """Return a template's resources by logical id. Raises TemplateError."""
    try:
        found: dict[str, Any] = dict(parse(template.read_text())["Resources"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise TemplateError(f"cannot read {template}: {error!r}") from error
    return found


def nested(template: Path) -> dict[str, Path]:
    """Return the files of a template's nested stacks by logical id. Raises TemplateError.

    A path in a template is relative to the template, also after `sam build` has written both anew.
    """
    stacks = {
        logical_id: resource.get("Properties", {}).get("TemplateURL")
        for logical_id, resource in resources(template).items()
        if resource.get("Type") == "AWS::CloudFormation::Stack"
    }
    if unknown := [logical_id for logical_id, file in stacks.items() if not isinstance(file, str)]:
        raise TemplateError(f"{template} does not name the file of the nested stack {', '.join(unknown)}")
    return {logical_id: template.parent / file for logical_id, file in stacks.items()}
