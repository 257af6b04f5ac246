"""Mutants of what meets people: their text, and what they are promised."""

from tests.mutants.mutant import Mutant

_IN, _UNIT = "tests/integration", "tests/unit"
_PROXY = f"{_UNIT}/lastwish/local/proxy"

TEXT = (
    Mutant(
        "normalised-after-cleaning",
        "src/frontend/escape.py",
        "return text  # as bleach would",
        'return __import__("unicodedata").normalize("NFKC", text)  # as bleach would',
        "Full-width ＜script＞ becomes a tag after it was cleaned.",
        f"{_UNIT}/frontend/test_sanitise.py::test_full_width_look_alikes_are_kept",
    ),
    Mutant(
        "not-escaped-before-bleach",
        "src/frontend/escape.py",
        "bleach.clean(escaped,",
        "bleach.clean(text,",
        "bleach alone deletes comments and shows a typed &amp; as &.",
        f"{_UNIT}/frontend/test_sanitise.py::test_hostile_text_is_inert_and_unaltered",
    ),
    Mutant(
        "typed-text-travels",
        "src/frontend/submission.py",
        "clean_name, clean_message = escape(name) if name else None, escape(message)",
        "clean_name, clean_message = escape(name) if name else None, message",
        "The message goes into the queue as it was typed.",
        f"{_IN}/frontend/test_submission.py::test_only_the_sanitised_text_is_queued",
    ),
    Mutant(
        "tag-is-no-fault",
        "src/domain/events.py",
        'StringConstraints(pattern=r"^[^<>]*$")',
        'StringConstraints(pattern=r"^[^<>]*")',
        "Whatever else sends to Inbox can store a tag.",
        f"{_UNIT}/domain/test_events.py::test_a_malformed_event_is_refused_without_its_text",
    ),
    Mutant(
        "page-does-not-escape",
        "src/web/templating.py",
        "autoescape=True",
        "autoescape=False",
        "A form that is shown again runs what was typed.",
        f"{_IN}/frontend/test_submission.py::test_the_form_shown_again_escapes_what_was_typed",
    ),
    Mutant(
        "page-allows-inline-script",
        "src/web/templating.py",
        "script-src 'self';",
        "script-src 'self' 'unsafe-inline';",
        "A tag that gets through everything else runs.",
        f"{_IN}/frontend/test_pages.py::test_the_page_forbids_inline_script",
    ),
    Mutant(
        "error-quotes-the-text",
        "src/infra/tracing.py",
        'str(error) if isinstance(error, LastWishError) else ""',
        "str(error)",
        "An exception that quotes what was typed stands in the traces.",
        f"{_IN}/infra/test_tracing.py::test_an_error_is_marked_without_its_text",
    ),
)

PROMISE = (
    Mutant(
        "202-before-the-send",
        "src/frontend/handler.py",
        "    publish(inbox, submission, request.correlation_id)\n",
        "    import threading\n\n"
        "    threading.Thread(target=publish, args=(inbox, submission, request.correlation_id)).start()\n",
        "A wish is promised that SQS may never take.",
        f"{_IN}/frontend/test_submission.py::test_without_an_acknowledgement_there_is_no_202",
    ),
    Mutant(
        "failed-send-is-a-202",
        "src/infra/queues.py",
        'raise QueueUnavailable(f"send: {error_code(error)}") from error',
        "return",
        "A wish is promised that SQS refused.",
        f"{_IN}/frontend/test_submission.py::test_without_an_acknowledgement_there_is_no_202",
    ),
    Mutant(
        "key-without-its-text",
        "src/domain/identity.py",
        "return str(uuid5(idempotency_key, digest))",
        'return str(uuid5(idempotency_key, ""))',
        "A key that is used again for another text loses that text.",
        f"{_UNIT}/frontend/test_submission.py::test_a_key_reused_for_another_text_is_another_wish",
    ),
    Mutant(
        "retry-without-its-key",
        "lastwish/client.py",
        'headers={"Idempotency-Key": key}',
        'headers={"Idempotency-Key": str(uuid.uuid4())}',
        "A retry after a lost answer is a second wish.",
        f"{_UNIT}/lastwish/test_client.py::test_a_retry_sends_the_same_key",
    ),
    Mutant(
        "promise-without-ledger",
        "lastwish/local/proxy/app.py",
        'log.exception("a wish was answered but the ledger could not record it")\n'
        '            return self._gateway_response("INTEGRATION_FAILURE")',
        'log.exception("a wish was answered but the ledger could not record it")',
        "A wish is promised that the audit does not know of.",
        f"{_PROXY}/test_app.py::test_a_promise_that_the_ledger_cannot_take_is_not_made",
    ),
    Mutant(
        "passed-on-before-it-is-recorded",
        "lastwish/local/proxy/app.py",
        'asked = self.ledger.ask() if request.method == "POST" and raw_path == b"/wishes" else None\n'
        "                answer = await self._forward(request, raw_path, body, call)",
        "answer = await self._forward(request, raw_path, body, call)\n"
        '                asked = self.ledger.ask() if request.method == "POST" and raw_path == b"/wishes" else None',
        "A wish whose answer was lost is stored, and the audit cannot say why.",
        f"{_PROXY}/test_app.py::test_a_wish_is_in_the_ledger_before_the_engine_hears_of_it",
    ),
    Mutant(
        "torn-line-spoils-the-next",
        "lastwish/local/proxy/ledger.py",
        'line = b"\\n" * torn + json.dumps(entry)',
        "line = json.dumps(entry)",
        "A line that a full disk cut off makes the next promise unreadable.",
        f"{_PROXY}/test_ledger.py::test_a_torn_line_between_a_request_and_its_end_spoils_no_promise",
    ),
    Mutant(
        "poller-takes-all-for-done",
        "template.yaml",
        "Queue: !GetAtt Pods.Arn\n            BatchSize: 10\n"
        "            MaximumBatchingWindowInSeconds: !Ref QueueWindowSeconds\n"
        "            FunctionResponseTypes: [ReportBatchItemFailures]\n",
        "Queue: !GetAtt Pods.Arn\n            BatchSize: 10\n"
        "            MaximumBatchingWindowInSeconds: !Ref QueueWindowSeconds\n",
        "Lambda acknowledges a whole batch although the worker reports failures.",
        "tests/repository/test_template.py::test_each_resource",
    ),
    Mutant(
        "dead-letters-nowhere",
        "template.yaml",
        "      RedrivePolicy: { deadLetterTargetArn: !GetAtt PodsDlq.Arn, maxReceiveCount: 5 }\n",
        "",
        "A message that keeps failing is deleted after four days, and nobody sees it.",
        "tests/repository/test_template.py::test_each_resource",
    ),
)

PEOPLE = (*TEXT, *PROMISE)
