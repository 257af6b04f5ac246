import json
from functools import partial

import pytest

from infra.generations import GenerationStore
from lastwish.errors import NoSuchWish, NotYet
from lastwish.local.proxy.ledger import promised
from lastwish.maintenance import audit as auditing
from lastwish.maintenance import rebuild
from lastwish.maintenance.erase import erase
from lastwish.maintenance.rebuild import Options
from tests.support.chain import Chain, Quiet, batch_with_message
from tests.support.wishes import ids

AT_ONCE = Options(wait=0, patience=0)
SECRET = "The code of the vault is under the third stone"


def erase_quietly(chain: Chain, wish_id: str) -> None:
    with pytest.raises(NotYet):  # nobody projects meanwhile
        erase(chain.stores, wish_id, patience=0)


def test_erasure_leaves_no_text_anywhere(chain: Chain) -> None:
    wish_id, neighbour = ids(2)
    chain.promise(wish_id)
    chain.invoke(chain.worker, batch_with_message(wish_id, SECRET))
    chain.send(1, start=1)
    for queue in ("InboxDlq", "PodsDlq"):
        for about in (wish_id, neighbour):
            body = batch_with_message(about, SECRET if about == wish_id else "Something else")["Records"][0]["body"]
            chain.aws.sqs.send_message(QueueUrl=chain.aws.urls[queue], MessageBody=body)
    erase_quietly(chain, wish_id)  # the projection lags, and is told so
    chain.project()
    done = erase(chain.stores, wish_id, patience=0)
    assert (done.ok, done.commits_scrubbed, done.dead_letters_removed) == (True, 0, 0)
    left = chain.texts()
    assert SECRET not in left
    assert left.count("Something else") == 2
    assert chain.differences() == []


def test_erasure_says_what_it_did(chain: Chain) -> None:
    [wish_id] = chain.send(1)
    done = erase(chain.stores, wish_id, patience=20, note=lambda _: chain.project())
    assert (done.commits_scrubbed, done.dead_letters_removed) == (1, 0)
    assert chain.status(wish_id) == ("erased", 1)


def test_a_wish_that_is_only_a_dead_letter_can_be_erased_and_is_still_accounted_for(chain: Chain) -> None:
    [wish_id] = ids(1)
    chain.promise(wish_id)
    body = batch_with_message(wish_id, SECRET)["Records"][0]["body"]
    for queue in ("InboxDlq", "PodsDlq"):
        chain.aws.sqs.send_message(QueueUrl=chain.aws.urls[queue], MessageBody=body)
    assert erase(chain.stores, wish_id, patience=0).dead_letters_removed == 2
    assert erase(chain.stores, wish_id, patience=0).dead_letters_removed == 0
    report = auditing.audit(chain.stores, partial(promised, chain.ledger), settle=0)
    assert (report.ok, report.dead_lettered, report.dead_letters) == (True, 1, 1)
    assert SECRET not in chain.texts()


def test_erasing_what_nobody_knows_is_an_error(chain: Chain) -> None:
    with pytest.raises(NoSuchWish):
        erase(chain.stores, ids(1)[0], patience=0)


def test_what_is_left_of_a_given_up_generation_is_erased_too(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    wish_id = ids(1)[0]
    chain.invoke(chain.worker, batch_with_message(wish_id, SECRET))
    chain.project()
    monkeypatch.setattr(GenerationStore, "drop", lambda *_: 0)  # killed before it cleaned up
    rebuild.rebuild(chain.stores, AT_ONCE, Quiet())
    assert chain.generations() == {"1", "2"}
    erase_quietly(chain, wish_id)
    chain.project()
    erase(chain.stores, wish_id, patience=0)
    assert SECRET not in json.dumps(chain.texts())
