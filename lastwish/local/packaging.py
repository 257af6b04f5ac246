"""Put a template, and the files that it names, into the engine's S3: the part of `sam package` that a laptop needs.

Functions are not built: the engine runs them with the packages of this environment, so their code is a zipped folder.
"""

import hashlib
import io
import json
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import yaml

from lastwish.errors import DeployFailed, TemplateError
from lastwish.local.template import parse

BUCKET = "lastwish-deploy"


class Uploads:
    """Bucket of the engine that a deploy reads from."""

    def __init__(self, s3: Any, engine: str) -> None:
        self._s3, self._engine = s3, engine
        s3.create_bucket(Bucket=BUCKET)

    def template(self, file: Path) -> str:
        """Put a template with all that it names. Return its URL. Raises TemplateError, DeployFailed."""
        try:
            document = parse(file.read_text())
            self._replace_local_paths(document, file.parent)
        except (OSError, yaml.YAMLError, LookupError, AttributeError, TypeError, ValueError) as error:
            raise TemplateError(f"cannot read {file}: {error!r}") from error
        return f"{self._engine}/{BUCKET}/{self._put(json.dumps(document, default=str).encode())}"

    def _replace_local_paths(self, document: dict[str, Any], beside: Path) -> None:
        resources = [each for each in document["Resources"].values() if "Properties" in each]
        properties = [each["Properties"] for each in resources if each["Type"] == "AWS::Serverless::Function"]
        for each in [*properties, document.get("Globals", {}).get("Function", {})]:
            if _is_local(each.get("CodeUri")):
                each["CodeUri"] = f"s3://{BUCKET}/{self._put(_zipped(beside / each['CodeUri']))}"
        for each in resources:
            if each["Type"] == "AWS::CloudFormation::Stack" and _is_local(each["Properties"].get("TemplateURL")):
                each["Properties"]["TemplateURL"] = self.template(beside / each["Properties"]["TemplateURL"])

    def _put(self, body: bytes) -> str:
        """Store bytes under their digest, which is returned."""
        key = hashlib.sha256(body).hexdigest()
        self._s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return key


def _is_local(place: Any) -> bool:
    return isinstance(place, str) and "://" not in place


def _zipped(folder: Path) -> bytes:
    if not folder.is_dir():
        raise DeployFailed(f"deploy failed: CodeUri names {folder}, which is no folder")
    memory = io.BytesIO()
    with ZipFile(memory, "w", ZIP_DEFLATED, compresslevel=1, strict_timestamps=False) as archive:
        for file in sorted(folder.rglob("*")):
            inside = file.relative_to(folder)
            if "__pycache__" not in inside.parts and file.is_file():
                archive.write(file, inside)
    return memory.getvalue()
