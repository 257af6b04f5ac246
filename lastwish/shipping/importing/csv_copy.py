"""Copy of a CSV file (RFC 4180) with what DuckDB can read for sure, and a note of each line that is no record.

Where a quote is wrong, nobody knows where the record ends. So its first line is left out, and the next line may begin a
record. A line is read again only where a quote in front of it was left open: this takes no longer than the file is.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from lastwish.errors import UsageError

LONGEST = 2**20  # characters of a line, and of a text in it
RECORDS, FAULTS = "records.csv", "faults"  # in the folder of the copy
_MOST_LINES = 1000  # of a record
_WRONG = '"."."\n'  # by itself, and after a quote that is open
_STEP = "make it UTF-8: `iconv -f LATIN1 -t UTF-8 FILE` does so, where it is Latin-1"
_FAULT = f"A quote in it is wrong, or it is longer than {LONGEST:,} characters"


def write_copy(path: Path, delimiter: str, columns: Sequence[str], folder: Path) -> list[str]:
    """Write these columns of the records, without a head, and a line with number and fault for each other line.

    Of two columns of one name it takes the first. Return the head; where it lacks a column nothing is written. Raises
    UsageError, OSError.
    """
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        found = _records(file, delimiter)
        _, head, fault = next(found, (1, [], _FAULT))
        if fault or re.search("[\0\ud800-\udfff]", "".join(head)):
            raise UsageError(f"the first line of {path} names no columns in UTF-8", next_step=_STEP)
        if {*columns} <= {*head}:
            places = [head.index(name) for name in columns]
            with (folder / RECORDS).open("w", newline="") as copy, (folder / FAULTS).open("w") as faults:
                write = csv.writer(copy, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow
                for number, record, wrong in found:
                    fault = wrong if len(record) in (0, len(head)) else "It has too many or too few columns"
                    try:
                        if record and not fault:
                            write([record[place] for place in places])
                    except UnicodeEncodeError:
                        fault = "It is not UTF-8"
                    if fault:
                        print(number, fault, file=faults)
    return head


def _records(file: TextIO, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Yield the number of each record's first line, the record, and no fault; or nothing of a line but its fault."""
    csv.field_size_limit(LONGEST)
    again, number = deque[str](), 1
    while True:
        taken = list[str]()
        try:
            for record in csv.reader(_lines(file, again, taken), delimiter=delimiter, strict=True):
                yield number, record, ""
                number += len(taken)
                taken.clear()
        except csv.Error:
            yield number, [], _FAULT
            number += 1
            again.extendleft(reversed(taken[1:]))
        else:
            return


def _lines(file: TextIO, again: deque[str], taken: list[str]) -> Iterator[str]:
    while line := again.popleft() if again else file.readline(LONGEST):
        if len(line) == LONGEST:
            while len(line) == LONGEST and not line.endswith("\n"):
                line = file.readline(LONGEST)
            line = _WRONG
        taken.append(line)
        if len(taken) > _MOST_LINES:
            raise csv.Error
        yield line
