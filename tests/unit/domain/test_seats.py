from datetime import date

import pytest

from domain.seats import Seat


@pytest.mark.parametrize(
    ("seat", "pod", "arrives_on"),
    [
        (Seat("mars", 1), 1, date(2045, 10, 1)),
        (Seat("mars", 100), 1, date(2045, 10, 1)),
        (Seat("mars", 101), 2, date(2045, 10, 1)),
        (Seat("jupiter", 25000), 250, date(2051, 1, 1)),
    ],
)
def test_a_seat_knows_its_pod_and_arrival(seat: Seat, pod: int, arrives_on: date) -> None:
    assert (seat.pod, seat.arrives_on) == (pod, arrives_on)
