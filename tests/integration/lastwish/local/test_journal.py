"""What the journal puts back of an erased wish is what erasure leaves in the store."""

import pytest

from infra.event_store import EventStore, commit_of
from tests.support.aws import Aws
from tests.support.journals import boarded, item, stored
from tests.support.samples import WISH_ID


@pytest.mark.parametrize("name", [None, "Ada"])
def test_a_scrubbed_line_is_the_scrubbed_item(aws: Aws, name: str | None) -> None:
    put = item(WISH_ID, boarded(1, "a secret", name=name))
    aws.dynamodb.put_item(TableName="EventStore", Item=put)
    EventStore(aws.dynamodb, "EventStore").scrub(commit_of(put))

    line = stored(WISH_ID, boarded(1, "a secret", name=name))
    assert [line.scrubbed()] == [line.without_text().scrubbed()] == aws.stored()
