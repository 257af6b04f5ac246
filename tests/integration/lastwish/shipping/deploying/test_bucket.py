"""The bucket keeps what a deploy needs, and can be made and removed twice."""

from collections.abc import Callable

import boto3
import pytest

from lastwish.shipping.deploying.bucket import Bucket
from lastwish.shipping.deploying.errors import DeployError
from lastwish.shipping.deploying.history import DIED, SUCCEEDED, History


def test_it_is_closed_to_the_public_and_made_once(bucket: Bucket) -> None:
    bucket.put("kept.json", {"a": 1})
    bucket.create()
    closed = boto3.client("s3").get_public_access_block(Bucket=bucket.name)["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}
    found = bucket.get("kept.json")
    assert found
    assert found[0] == {"a": 1}


def test_elsewhere_than_in_us_east_1_its_region_is_named(bucket: Bucket) -> None:
    far = Bucket(boto3.client("s3", region_name="eu-west-1"), "far")
    far.create()
    assert boto3.client("s3").get_bucket_location(Bucket="far")["LocationConstraint"] == "eu-west-1"
    assert far.url("a.yaml") == "https://s3.eu-west-1.amazonaws.com/far/a.yaml"


def test_where_there_is_none_there_is_nothing_in_it(bucket: Bucket) -> None:
    bucket.put("a.json", {})
    bucket.remove()
    bucket.remove()
    assert not bucket.exists()
    assert bucket.keys() == []
    assert bucket.get("a.json") is None


def test_only_what_was_meant_is_cleared(bucket: Bucket) -> None:
    for key in ("artifacts/a", "templates/b", "history/c"):
        bucket.put(key, {})
    assert bucket.clear("artifacts/", "templates/") == 2
    assert bucket.keys() == ["history/c"]


def test_two_who_begin_at_once_get_two_numbers(
    bucket: Bucket, overtaken: Callable[[Callable[[], object]], Bucket]
) -> None:
    late = History(overtaken(lambda: History(bucket).begin("deploy", "ana")))
    assert late.begin("deploy", "ben").number == 2
    assert [each.user for each in History(bucket).all()] == ["ana", "ben"]


def test_a_history_passes_over_what_it_does_not_know_and_names_what_is_damaged(bucket: Bucket) -> None:
    history = History(bucket)
    record = history.begin("deploy", "ana")
    bucket.put("history/000001.json", record.facts() | {"a field of a later version": 1})
    bucket.put("history/note.txt", {})
    assert history.all() == [record]
    assert history.begin("deploy", "ben").number == 2
    bucket.put("history/000001.json", {"number": "first"})
    with pytest.raises(DeployError, match=r"history/000001\.json in the bucket of deploys is no record"):
        history.all()


def test_who_died_is_buried_and_who_ended_is_not(bucket: Bucket) -> None:
    history = History(bucket)
    died, ended, mine = (history.begin("deploy", user) for user in ("ana", "ben", "cleo"))
    history.end(ended, SUCCEEDED, "well")
    history.bury(mine.number)
    assert [each.outcome for each in history.all()] == [DIED, SUCCEEDED, "running"]
    assert died.number == 1


@pytest.mark.parametrize("text", ["{", "[1]", "7", "\udcff"])
def test_what_is_damaged_is_named(bucket: Bucket, text: str) -> None:
    body = text.encode(errors="surrogateescape")
    boto3.client("s3").put_object(Bucket=bucket.name, Key="history/000001.json", Body=body)
    with pytest.raises(DeployError, match=rf"s3://{bucket.name}/history/000001\.json is damaged"):
        History(bucket).all()
