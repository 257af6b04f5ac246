from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import boto3
import pytest

from domain.errors import StoreUnavailable
from domain.seats import Seat
from infra.seats import Seats
from tests.support import faults
from tests.support.aws import Aws
from tests.support.functions import Log


@pytest.fixture
def seats(aws: Aws) -> Seats:
    return Seats(boto3.client("dynamodb"), "Seats", {"mars": 10, "jupiter": 3})


def numbers(leased: Any) -> dict[str, list[int]]:
    return {destination: [seat.number for seat in found] for destination, found in leased.items()}


def test_seats_are_given_out_in_order(seats: Seats) -> None:
    assert numbers(seats.lease({"mars": 2, "jupiter": 1})) == {"mars": [1, 2], "jupiter": [1]}
    assert numbers(seats.lease({"mars": 3})) == {"mars": [3, 4, 5]}


def test_a_lease_gets_fewer_seats_where_fewer_are_left(seats: Seats) -> None:
    seats.lease({"jupiter": 2})
    assert numbers(seats.lease({"mars": 1, "jupiter": 5})) == {"mars": [1], "jupiter": [3]}
    assert numbers(seats.lease({"jupiter": 1})) == {"jupiter": []}
    assert seats.marks() == {"mars": 1, "jupiter": 3}


def test_a_lease_of_no_seats_leases_none(seats: Seats) -> None:
    assert seats.lease({"mars": 0}) == {}
    assert seats.marks() == {}


def test_a_ship_that_became_smaller_gives_no_seat_twice(seats: Seats) -> None:
    """The capacity is a parameter: 6, then 3, then 6 again."""
    six, three = (Seats(seats._client, "Seats", {"mars": size, "jupiter": 3}) for size in (6, 3))
    first = numbers(six.lease({"mars": 5}))["mars"]

    assert numbers(three.lease({"mars": 2, "jupiter": 1})) == {"mars": [], "jupiter": [1]}
    assert three.marks() == {"mars": 5, "jupiter": 1}
    assert [*first, *numbers(six.lease({"mars": 3}))["mars"]] == [1, 2, 3, 4, 5, 6]


def test_a_deploy_that_makes_the_ship_too_small_is_logged(seats: Seats, log: Log) -> None:
    seats.lease({"jupiter": 3})
    small = Seats(seats._client, "Seats", {"mars": 10, "jupiter": 2})
    assert log.lines() == []
    small.lease({"jupiter": 1, "mars": 1})
    [line] = log.lines()
    assert line["message"] == "capacity is below the seats that were leased"
    assert (line["level"], line["destination"], line["capacity"], line["leased"]) == ("WARNING", "jupiter", 2, 3)


def test_a_full_ship_is_not_too_small(seats: Seats, log: Log) -> None:
    seats.lease({"jupiter": 3})
    assert numbers(seats.lease({"jupiter": 2})) == {"jupiter": []}
    assert log.lines() == []


def test_a_seat_that_was_given_back_is_not_for_new_wishes(seats: Seats) -> None:
    seats.lease({"jupiter": 3})
    seats.give_back("jupiter", [2, 1])
    assert numbers(seats.lease({"jupiter": 1})) == {"jupiter": []}
    assert seats.free("jupiter") == [1, 2]


def test_a_free_seat_is_taken_once(seats: Seats) -> None:
    seats.give_back("jupiter", [1, 2])
    take = [seats.taking(Seat("jupiter", 2))]
    seats._client.transact_write_items(TransactItems=take)
    with pytest.raises(seats._client.exceptions.TransactionCanceledException):
        seats._client.transact_write_items(TransactItems=take)
    assert seats.free("jupiter") == [1]


def test_seats_are_given_back_only_while_the_guard_holds(seats: Seats) -> None:
    lock = {"id": {"S": "reclaim"}}
    guard = {"ConditionCheck": {"TableName": "Seats", "Key": lock, "ConditionExpression": "attribute_exists(id)"}}
    with pytest.raises(StoreUnavailable):
        seats.give_back("jupiter", [1], guard)
    assert seats.free("jupiter") == []

    seats._client.put_item(TableName="Seats", Item=lock)
    seats.give_back("jupiter", [1], guard)
    assert seats.free("jupiter") == [1]


def test_a_crowd_never_gets_a_seat_twice(seats: Seats) -> None:
    _one_call_at_a_time(seats._client)
    with ThreadPoolExecutor(8) as crowd:
        leased = list(crowd.map(lambda _: seats.lease({"mars": 1}), range(20)))
    given = [seat.number for each in leased for seat in each["mars"]]
    assert sorted(given) == list(range(1, 11))


def _one_call_at_a_time(client: Any) -> None:
    """DynamoDB checks and writes in one step; moto, asked by several threads, does not. Calls still interleave."""
    lock, call = Lock(), client._make_api_call

    def locked(*arguments: Any) -> Any:
        with lock:
            return call(*arguments)

    client._make_api_call = locked


def test_an_unreachable_table_is_transient(seats: Seats) -> None:
    faults.throttled(seats._client, "dynamodb.UpdateItem")
    with pytest.raises(StoreUnavailable):
        seats.lease({"mars": 1})
