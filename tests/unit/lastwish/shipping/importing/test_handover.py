import pytest

from infra.items import serialise
from lastwish.shipping.importing.handover import item_size, paper, write_units
from lastwish.shipping.importing.work import State


def test_sizes_are_counted_as_the_developer_guide_says() -> None:
    content = {"text": "né", "nothing": None, "number": 12345, "list": ["a", "b"], "map": {"k": "v"}}
    size = (4 + 3) + (7 + 1) + (6 + 4) + (4 + 3 + 2 * (1 + 1)) + (3 + 3 + 1 + (1 + 1))
    assert item_size({name: serialise(value) for name, value in content.items()}) == size


@pytest.mark.parametrize(("size", "units"), [(1, 1), (1024, 1), (1025, 2)])
def test_a_unit_is_a_kilobyte(size: int, units: int) -> None:
    assert write_units(size) == units


def test_the_paper_scales_with_the_wishes() -> None:
    state = State(rows=12, fits=10, units=10, file_bytes=10 * 2**20, seconds=2)
    small, large = paper(state, 10_000), paper(state, 10_000_000)
    assert (small["commit_write_units"], large["commit_write_units"]) == (10_000, 10_000_000)
    assert large["import_gb"] == 9765.6
    assert large["files_dollars"] == pytest.approx(1000 * small["files_dollars"], rel=0.01)


def test_without_a_commit_there_is_no_paper() -> None:
    assert paper(State(), 7) == {}
