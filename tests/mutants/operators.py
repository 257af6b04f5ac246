"""Mutants of the doors, and of what operators do."""

from tests.mutants.mutant import Mutant

_IN, _UNIT = "tests/integration", "tests/unit"
_PROXY, _MAINTENANCE = f"{_UNIT}/lastwish/local/proxy", f"{_IN}/lastwish/maintenance"

DOORS = (
    Mutant(
        "operators-route-without-token",
        "template.yaml",
        "Path: /console, Auth: &operators { Authorizer: Operators } } }",
        "Path: /console, Auth: &operators { Authorizer: NONE } } }",
        "Everybody may moderate.",
        "tests/repository/test_template_api.py::test_operators_routes_require_a_token_and_the_audiences_do_not",
    ),
    Mutant(
        "any-token-will-do",
        "src/web/requests.py",
        'if self._claims.get("token_use") != "id" or OPERATORS not in self.groups:',
        'if self._claims.get("token_use") != "id" and OPERATORS not in self.groups:',
        "An account without the operators' group may moderate.",
        f"{_IN}/console/test_moderation.py::test_only_operators_may_moderate",
    ),
    Mutant(
        "token-not-the-one-that-was-checked",
        "src/web/requests.py",
        'return frozenset(groups) if self._claims.get("cognito:groups") in joined else frozenset()',
        "return frozenset(groups)",
        "A second, forged token beside a good one gives the operators' rights.",
        f"{_IN}/console/test_moderation.py::test_a_token_other_than_the_one_that_was_checked_gives_no_rights",
    ),
    Mutant(
        "door-lets-everybody-in",
        "lastwish/local/door.py",
        "if compare_digest(key, self._key) else None",
        "if compare_digest(self._key, self._key) else None",
        "Every program and every user of this machine may run code in the engine.",
        f"{_UNIT}/lastwish/local/test_door.py::test_without_the_key_nobody_comes_in",
    ),
    Mutant(
        "web-page-comes-in",
        "lastwish/local/door.py",
        'if not ours and any(name == b"origin"',
        'if ours and any(name == b"origin"',
        "A page in the presenter's browser may call the engine.",
        f"{_UNIT}/lastwish/local/test_door.py::test_a_web_page_is_refused_even_with_a_stolen_key",
    ),
    Mutant(
        "dot-segments-go-through",
        "lastwish/local/proxy/gateway.py",
        " and not _DOTS_OR_NOTHING.search(raw_path)",
        "",
        "A phone reaches the engine beside the API: /wishes/../../_ministack.",
        f"{_PROXY}/test_gateway.py::test_empty_and_dot_segments_are_ambiguous_anywhere",
    ),
    Mutant(
        "console-on-the-network",
        "lastwish/local/proxy/gateway.py",
        "return operators if not self.network and _THIS_MACHINE.fullmatch(host) else None",
        "return operators if _THIS_MACHINE.fullmatch(host) else None",
        "A phone that sends another Host reaches the console.",
        f"{_PROXY}/test_gateway.py::test_an_operators_route_is_none_on_the_network",
    ),
    Mutant(
        "header-steers-the-engine",
        "lastwish/local/proxy/upstream.py",
        "if name in _REQUEST_HEADERS or _is_bearer(name, value)]",
        'if name in _REQUEST_HEADERS or name.startswith(b"x-amz") or _is_bearer(name, value)]',
        "A phone chooses the AWS service that the engine runs.",
        f"{_PROXY}/test_app.py::test_a_header_that_could_steer_the_engine_stays_outside",
    ),
)

OPERATING = (
    Mutant(
        "erasure-leaves-the-commits",
        "src/infra/event_store.py",
        "        if not personal:\n            return\n",
        "        if personal:\n            return\n",
        "The text of an erased wish stays in the event store.",
        f"{_IN}/infra/test_event_store.py::TestOnMoto::test_scrubbing_removes_the_text_and_nothing_else",
    ),
    Mutant(
        "erasure-leaves-the-name",
        "src/domain/wish.py",
        'return replace(wish, erased=True, visibility="hidden", name=None, message=None)',
        'return replace(wish, erased=True, visibility="hidden", message=None)',
        "The name of who sent an erased wish stays in the read model.",
        f"{_UNIT}/domain/test_wish.py::test_an_erased_wish_gives_no_text_and_keeps_its_seat",
    ),
    Mutant(
        "erasure-leaves-the-rows",
        "src/domain/wish.py",
        'return replace(wish, erased=True, visibility="hidden", name=None, message=None)',
        'return replace(wish, erased=True, visibility="hidden", name=None)',
        "The text of an erased wish stays in the read model.",
        f"{_IN}/projector/test_projecting.py::test_an_erased_wish_leaves_no_text_and_keeps_its_count",
    ),
    Mutant(
        "hidden-wish-in-its-receipt",
        "src/frontend/receipt.py",
        '(None, None) if visibility == "hidden" else (wish.name, wish.message)',
        "(wish.name, wish.message)",
        "Who knows the id from the wall reads what an operator took down.",
        f"{_IN}/console/test_moderation.py::test_the_text_of_a_hidden_wish_is_at_its_receipt_for_nobody_until_it_is_released",
    ),
    Mutant(
        "hidden-wish-on-the-wall",
        "src/web/wall.py",
        'for place in dict.fromkeys(fresh + moderated) if rows[place]["visibility"] == "shown"]',
        "for place in dict.fromkeys(fresh + moderated)]",
        "The wall shows what an operator took down.",
        f"{_IN}/console/test_moderation.py::test_a_hidden_or_erased_wish_leaves_the_wall_and_its_feed_names_it",
    ),
    Mutant(
        "two-hold-one-lock",
        "lastwish/maintenance/lock.py",
        '"attribute_not_exists(#until) OR #until < :now"',
        '"attribute_not_exists(#until) OR #until < :now OR #until >= :now"',
        "Two rebuilds run at once, and each drops what the other writes.",
        f"{_MAINTENANCE}/test_changes.py::test_only_one_rebuild_runs_at_a_time",
    ),
    Mutant(
        "reclaim-does-not-wait",
        "lastwish/maintenance/reclaim.py",
        "time.sleep(pause)",
        "time.sleep(0)",
        "A seat that a worker is about to store is given to another wish.",
        f"{_MAINTENANCE}/test_reclaim_waits.py::test_a_seat_that_was_leased_before_and_is_stored_meanwhile_is_not_freed",
    ),
    Mutant(
        "stale-scan",
        "src/infra/scan.py",
        '"ConsistentRead": True',
        '"ConsistentRead": False',
        "reclaim frees the seat of a wish that was just stored, and a rebuild may lack it.",
        f"{_IN}/infra/test_consistent_reads.py::test_rebuild_and_reclaim_read_consistently",
    ),
    Mutant(
        "flip-without-comparison",
        "lastwish/maintenance/rebuild.py",
        "flips = result.equal if options.flip is None else options.flip",
        "flips = options.flip is not False",
        "A rebuild that went wrong replaces a good read model.",
        f"{_MAINTENANCE}/test_changes.py::test_a_damaged_read_model_is_not_equal_and_is_replaced_when_told",
    ),
    Mutant(
        "audit-ignores-totals",
        "lastwish/maintenance/checks.py",
        "if counted.get(name, 0) != expected.get(name, 0):",
        "if name not in counted and name not in expected:",
        "The audit says ok while the manifest counts wrongly.",
        f"{_MAINTENANCE}/test_audit.py::test_a_changed_total_is_found",
    ),
    Mutant(
        "audit-ignores-two-in-a-seat",
        "lastwish/maintenance/checks.py",
        "if len(wish_ids) > 1:",
        "if len(wish_ids) > 2:",
        "The audit says ok while two wishes have one seat.",
        f"{_MAINTENANCE}/test_audit.py::test_a_seat_held_twice_is_found",
    ),
    Mutant(
        "form-is-no-promise",
        "lastwish/aws/access_log.py",
        '_PROMISES = ("202", "303")',
        '_PROMISES = ("202",)',
        "On AWS the audit does not know of wishes that came by a form.",
        f"{_IN}/lastwish/aws/test_access_log.py::test_what_was_answered_202_or_303_was_promised",
    ),
)

OPERATORS = (*DOORS, *OPERATING)
