"""A bill in a terminal, as it is read from the back of a hall."""

from io import StringIO

import pytest
from rich.console import Console

from lastwish.observe import bill
from lastwish.observe.bill_view import view
from lastwish.observe.usage import Usage
from tests.support.usages import function, usage

BUSY = usage(
    function("frontend", 12_000, seconds=900.0, used_mb=88, concurrency=8.0),
    function("parser", used_mb=81, concurrency=2.0),
    function("worker", used_mb=84, concurrency=10.0),
    function("projector"),
    requests=100_000,
)


def seen(of: Usage, width: int = 80, *, on_aws: bool = False) -> list[str]:
    screen = StringIO()
    Console(file=screen, width=width).print(view(bill.of(of), "24 h", on_aws))
    return [line.rstrip() for line in screen.getvalue().splitlines()]


def words(line: str) -> list[str]:
    return line.split()


def test_the_bill_and_a_million_stand_at_the_top() -> None:
    found = bill.of(BUSY)
    assert seen(BUSY)[:2] == [
        f"${found.dollars:.6f}  1,000 wishes in the last 24 h, at AWS's prices",
        f"${found.per_million:.2f} for a million like these",
    ]


def test_each_function_has_its_runs_time_processes_and_memory() -> None:
    rows = {words(line)[0]: words(line) for line in seen(BUSY)[4:8]}
    assert rows["frontend"] == ["frontend", "12,000", "75", "ms", "8", "88", "of", "512", "MB", "arm64"]
    assert rows["projector"] == ["projector", "100", "100", "ms", "?", "?", "of", "512", "MB", "arm64"]


def test_what_is_a_laptops_is_marked_and_aws_has_no_mark() -> None:
    header, on_aws = seen(BUSY)[3], seen(BUSY, on_aws=True)
    assert words(header) == ["function", "runs", "mean*", "at", "once*", "memory*", "architecture"]
    assert [line for line in seen(BUSY) if "this laptop's, not AWS's" in line]
    assert not [line for line in on_aws if "*" in line]


def test_the_loudest_lever_is_the_first_of_its_table() -> None:
    lines = seen(BUSY)
    at = next(number for number, line in enumerate(lines) if "the loudest first" in line)
    found = bill.of(BUSY).advice
    rows = lines[at + 1 : at + 1 + len(found)]  # one line each, also in a narrow terminal
    assert [words(row)[:3] for row in rows] == [[f"${each.dollars:.6f}", each.rule, each.about] for each in found]


def test_what_is_no_measurement_is_called_so() -> None:
    lines = seen(BUSY)
    assert [line.split()[-1] for line in lines if "write units" in line] == ["estimated"]
    assert [line.split()[-2:] for line in lines if "log bytes" in line] == [["not", "measured"]]
    assert [line.split()[-1] for line in lines if "api requests" in line] == ["100,000"]


@pytest.mark.parametrize("width", [80, 120])
def test_every_rule_that_spoke_has_its_price_and_its_source_once(width: int) -> None:
    lines = seen(BUSY, width)
    for each in {each.rule: each for each in bill.of(BUSY).advice}.values():
        assert lines.count(each.source) == 1  # in one line, to be copied
        assert len([line for line in lines if line.startswith(f"{each.rule}: but ")]) == 1
    assert max(map(len, lines)) <= width


def test_four_functions_and_their_levers_fit_on_a_small_screen() -> None:
    """The rest of a view is cut by a terminal of 24 lines, and is what matters least."""
    lines = seen(BUSY)[:24]
    assert len([line for line in lines if "MemorySize" in line]) == 3
    assert [line for line in lines if "api requests" in line]


def test_without_wishes_and_advice_there_is_no_empty_table() -> None:
    lines = seen(usage(accepted=None, requests=None))
    assert not [line for line in lines if "million" in line or "loudest" in line]
