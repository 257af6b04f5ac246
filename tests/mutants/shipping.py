"""Mutants of what gets an old table to Last Wish."""

from tests.mutants.mutant import Mutant

_IMPORTING = "tests/integration/lastwish/shipping/importing"

SHIPPING = (
    Mutant(
        "audit-calls-imported-wishes-unpromised",
        "lastwish/maintenance/audit.py",
        "unpromised -= accepted | imported",
        "unpromised -= accepted",
        "After an import no audit is ok again.",
        f"{_IMPORTING}/test_store.py::test_the_audit_asks_for_no_promise_but_for_all_else",
    ),
    Mutant(
        "import-leases-again-after-a-kill",
        "lastwish/shipping/importing/writers.py",
        'if noted.get("rows") == state.rows and "seats" in noted:',
        "if False:",
        "A killed import goes on with other seats: those that it had noted leak.",
        f"{_IMPORTING}/test_kills.py::test_killed_at_any_call_it_stores_each_row_once_and_in_order",
    ),
    Mutant(
        "import-takes-one-of-two-rows-with-a-key",
        "lastwish/shipping/importing/fitting.py",
        "if row.key in self.duplicates:",
        "if False:",
        "Of two rows with one key, whichever comes first is imported, and the other is lost unsaid.",
        f"{_IMPORTING}/test_sources.py::test_keys_that_two_rows_have_are_found",
    ),
)
