"""Mutants of what gets Last Wish somewhere: an old table to it, and chat to a deploy."""

from tests.mutants.mutant import Mutant

_IMPORTING = "tests/integration/lastwish/shipping/importing"
_CHAT = "tests/integration/lastwish/shipping/chat"

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
    Mutant(
        "chat-lets-anybody-answer",
        "lastwish/shipping/chat/desk.py",
        'person = self._settings.person(body["user"]["id"], question.environment)',
        'person = self._settings.person(body["user"]["id"])',
        "Whoever the app knows may confirm a deploy to prod.",
        f"{_CHAT}/test_desk.py::test_only_who_may_deploy_there_answers",
    ),
    Mutant(
        "chat-takes-a-yes-for-a-name",
        "lastwish/shipping/chat/desk.py",
        "if yes and question.by_name:",
        "if False:",
        "One press of a button confirms what would lose a table.",
        f"{_CHAT}/test_desk.py::test_where_a_name_has_to_be_typed_a_yes_is_no_answer_but_a_no_is",
    ),
    Mutant(
        "chat-escapes-nothing",
        "lastwish/shipping/chat/messages.py",
        "return html.escape(text, quote=False)",
        "return text",
        "A text that somebody else wrote calls a whole channel, or shows a link as something else.",
        f"{_CHAT}/test_thread.py::test_nothing_in_what_is_shown_is_active",
    ),
)
