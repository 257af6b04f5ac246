"""A bucket of an environment, on moto: it knows conditional writes."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from lastwish.shipping.deploying.bucket import Bucket


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with mock_aws():
        bucket = Bucket(boto3.client("s3"), "deploys-lastwish-123456789012-us-east-1")
        bucket.create()
        yield bucket


@pytest.fixture
def overtaken(bucket: Bucket) -> Callable[[Callable[[], object]], Bucket]:
    """Makes the bucket as somebody sees it whom another one overtakes just before the first write."""

    def overtaken_by(other: Callable[[], object]) -> Bucket:
        waiting = [other]
        s3 = boto3.client("s3")

        def overtake(**_: object) -> None:
            if waiting:
                waiting.pop()()

        s3.meta.events.register("before-call.s3.PutObject", overtake)
        return Bucket(s3, bucket.name)

    return overtaken_by
