"""The bucket of one environment: artifacts and templates for the way back, the history, and the lock.

It is made before anything else, so that the lock and the record of the first deploy have a place. A write can depend on
what is there (S3 User Guide, "Conditional writes"), which makes a lock of an object.
"""

import json
from typing import Any

from botocore.exceptions import ClientError

from lastwish.shipping.deploying.errors import DeployError

_REFUSED = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}
_MISSING = {"NoSuchKey", "NoSuchBucket", "404"}


class Bucket:
    """Objects are JSON. Raises botocore's errors: the caller turns them into plain ones."""

    def __init__(self, s3: Any, name: str) -> None:
        self.name = name
        self.region = s3.meta.region_name
        self._s3 = s3

    def exists(self) -> bool:
        """Return whether it is there, and ours."""
        try:
            self._s3.head_bucket(Bucket=self.name)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return False
            raise
        return True

    def create(self) -> None:
        """Make it if it is not there, closed to the public. S3 encrypts what is in it by itself."""
        if not self.exists():
            # us-east-1 is the one region that may not be named here.
            where = {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
            self._s3.create_bucket(Bucket=self.name, **({} if self.region == "us-east-1" else where))
        closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        self._s3.put_public_access_block(Bucket=self.name, PublicAccessBlockConfiguration=dict.fromkeys(closed, True))

    def url(self, key: str) -> str:
        """Return the address by which CloudFormation reads an object."""
        suffix = ".cn" if self.region.startswith("cn-") else ""
        return f"https://s3.{self.region}.amazonaws.com{suffix}/{self.name}/{key}"

    def get(self, key: str) -> tuple[dict[str, Any], str] | None:
        """Return an object and its version tag; None where there is none."""
        try:
            found = self._s3.get_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise
        try:
            return dict(json.loads(found["Body"].read())), found["ETag"]
        except (ValueError, TypeError):
            raise DeployError(f"s3://{self.name}/{key} is damaged: bring it back, or delete it") from None

    def put(self, key: str, facts: dict[str, Any]) -> None:
        """Write an object, whatever is there."""
        self.put_text(key, json.dumps(facts))

    def put_text(self, key: str, text: str) -> None:
        """Write a text, whatever is there."""
        self._s3.put_object(Bucket=self.name, Key=key, Body=text.encode())

    def put_if(self, key: str, facts: dict[str, Any], tag: str | None) -> str | None:
        """Write an object if it still has this tag, or with None if there is none. Return the new tag, or None."""
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        try:
            done = self._s3.put_object(Bucket=self.name, Key=key, Body=json.dumps(facts).encode(), **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] in _REFUSED:
                return None
            raise
        return str(done["ETag"])

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with this, sorted; none where there is no bucket."""
        if not self.exists():
            return []
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def clear(self, *prefixes: str) -> int:
        """Delete the objects that begin with one of these. Return how many."""
        keys = [key for prefix in prefixes for key in self.keys(prefix)]
        for first in range(0, len(keys), 1000):  # as many as one call takes
            some = [{"Key": key} for key in keys[first : first + 1000]]
            self._s3.delete_objects(Bucket=self.name, Delete={"Objects": some, "Quiet": True})
        return len(keys)

    def remove(self) -> None:
        """Delete it with all that is in it."""
        if self.exists():
            self.clear("")
            self._s3.delete_bucket(Bucket=self.name)
