"""What a deploy puts into the engine's S3: the template, the templates nested in it, and the functions' code."""

import io
import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from lastwish.errors import DeployFailed, TemplateError
from lastwish.local.packaging import BUCKET, Uploads

ENGINE = "http://127.0.0.1:4566"
FUNCTION = """
  {name}:
    Type: AWS::Serverless::Function
    Properties: {{ Handler: app.handler, CodeUri: {code} }}
"""


class Bucket:
    """S3 as far as Uploads uses it."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def create_bucket(self, **request: Any) -> None:
        assert request == {"Bucket": BUCKET}

    def put_object(self, **request: Any) -> None:
        assert request["Bucket"] == BUCKET
        self.objects[request["Key"]] = request["Body"]

    def at(self, url: str) -> bytes:
        """The object at a URL, http or s3."""
        return self.objects[url.rpartition("/")[2]]


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


def packaged(bucket: Bucket, folder: Path, template: str) -> dict[str, Any]:
    """The template as the engine gets it."""
    (folder / "template.yaml").write_text(template)
    url = Uploads(bucket, ENGINE).template(folder / "template.yaml")
    assert url.startswith(f"{ENGINE}/{BUCKET}/")
    return dict(json.loads(bucket.at(url)))


def files(bucket: Bucket, url: str) -> set[str]:
    assert url.startswith(f"s3://{BUCKET}/")
    return set(ZipFile(io.BytesIO(bucket.at(url))).namelist())


def code(folder: Path, name: str, *inside: str) -> None:
    for file in inside:
        (folder / name / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / name / file).write_text("x = 1\n")


def test_code_that_all_functions_share_is_a_zip_without_byte_code(bucket: Bucket, tmp_path: Path) -> None:
    code(tmp_path, "src", "app.py", "web/page.html", "web/__pycache__/app.cpython-313.pyc")
    text = "Globals: { Function: { CodeUri: src/ } }\nResources: { Queue: { Type: AWS::SQS::Queue } }\n"
    document = packaged(bucket, tmp_path, text)
    assert files(bucket, document["Globals"]["Function"]["CodeUri"]) == {"app.py", "web/page.html"}


def test_each_function_that_was_built_has_code_of_its_own(bucket: Bucket, tmp_path: Path) -> None:
    code(tmp_path, "One", "one.py")
    code(tmp_path, "Two", "two.py")
    text = "Resources:" + FUNCTION.format(name="One", code="One") + FUNCTION.format(name="Two", code="Two")
    resources = packaged(bucket, tmp_path, text)["Resources"]
    assert files(bucket, resources["One"]["Properties"]["CodeUri"]) == {"one.py"}
    assert files(bucket, resources["Two"]["Properties"]["CodeUri"]) == {"two.py"}


def test_code_that_is_in_s3_stays_there(bucket: Bucket, tmp_path: Path) -> None:
    text = "Resources:" + FUNCTION.format(name="One", code="s3://elsewhere/one.zip")
    resources = packaged(bucket, tmp_path, text)["Resources"]
    assert resources["One"]["Properties"]["CodeUri"] == "s3://elsewhere/one.zip"


def test_a_nested_template_is_put_beside_with_what_it_names(bucket: Bucket, tmp_path: Path) -> None:
    code(tmp_path, "src", "app.py")
    (tmp_path / "inner.yaml").write_text("Resources:" + FUNCTION.format(name="One", code="src"))
    text = "Resources:\n  Inner: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: inner.yaml } }\n"
    url = packaged(bucket, tmp_path, text)["Resources"]["Inner"]["Properties"]["TemplateURL"]
    inner = json.loads(bucket.at(url))
    assert url.startswith(f"{ENGINE}/{BUCKET}/")
    assert files(bucket, inner["Resources"]["One"]["Properties"]["CodeUri"]) == {"app.py"}


def test_intrinsic_functions_and_dates_keep_their_meaning(bucket: Bucket, tmp_path: Path) -> None:
    text = "Resources: { A: { Type: T, Properties: { B: !GetAtt C.Arn, D: !Sub '${E}', Version: 2012-10-17 } } }\n"
    properties = packaged(bucket, tmp_path, text)["Resources"]["A"]["Properties"]
    assert properties == {"B": {"Fn::GetAtt": ["C", "Arn"]}, "D": {"Fn::Sub": "${E}"}, "Version": "2012-10-17"}


def test_code_that_is_missing_is_named(bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(DeployFailed, match=r"CodeUri names .*/src, which is no folder"):
        packaged(bucket, tmp_path, "Resources:" + FUNCTION.format(name="One", code="src"))


@pytest.mark.parametrize("text", ["Resources: [", "Resources: 1", "{}"])
def test_what_is_no_template_is_refused(bucket: Bucket, tmp_path: Path, text: str) -> None:
    with pytest.raises(TemplateError, match=r"template\.yaml"):
        packaged(bucket, tmp_path, text)


def test_a_nested_template_that_is_missing_is_named(bucket: Bucket, tmp_path: Path) -> None:
    text = "Resources:\n  Inner: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: inner.yaml } }\n"
    with pytest.raises(TemplateError, match=r"inner\.yaml"):
        packaged(bucket, tmp_path, text)
