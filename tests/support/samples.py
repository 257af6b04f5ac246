"""Sample events of ``events/``, and values that tests share."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.envelope import Envelope
from domain.events import Event, WishAccepted, WishSubmitted
from domain.identity import payload_digest
from tests.support import ROOT

EVENTS = ROOT / "events"
NOON = datetime(2045, 1, 1, 12, tzinfo=UTC)
WISH_ID = "5d3c0bd6-7ef4-4c5e-9a0b-2f0f6a4b1c01"
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"

# What an audience types when it wants to see what happens.
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</textarea><svg onload=alert(1)>",
    "&amp; &lt;b&gt; &#60; &#x3c; &notit; &",
    "</> <!-- comment --> <![CDATA[x]]> <?php ?>",
    "\"'><a href='javascript:alert(1)'>",
    "{{7*7}} {% for x in y %} ${jndi:ldap://x}",
    "'; DROP TABLE wishes; --",
    "＜script＞ﬁ",
    "<" * 200,
    "&" * 200,
    "Z̸̢͚̗͔̤̖͔͗a̴l̸g̷o̶",
    "👩‍👩‍👧‍👦 👋🏽 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "می‌خواهم क्‍ष",
    "line one\nline two\n\n\nline five",
    "</script><script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=alert(1) src>'>",
    "<style>*{display:none!important}</style>",
    "<base href=//evil.example><meta http-equiv=refresh content=0;url=//evil.example>",
    "<template shadowrootmode=open><slot></slot></template>",
    "javascript:alert(1)//",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e %3Cscript%3Ealert(1)%3C/script%3E",
    "${alert(1)} `${alert(1)}` #{alert(1)} {{constructor.constructor('alert(1)')()}}",
    "مرحبا <b>שלום</b> abc 123 )(",
    "x" + "\u0337" * 499,
    "Donaudampfschifffahrtselektrizitätenhaupt" * 12,
    "👨‍👩‍👧‍👦" * 70,
    "line\n" * 99 + "line",
]
# What is not shown as typed: it cannot be seen, and turns the page around (see docs/decisions/0008).
OVERRIDDEN = ["\u202eevil \u2066text\u2069", "zero\u200bwidth\ufeff", "bell\u0007 and null"]


def short(text: str) -> str:
    """A long text as the name of a test."""
    return ascii(text[:24])


def sample(name: str) -> dict[str, Any]:
    """Return a new copy of the event in ``events/<name>.json``."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


@dataclass
class LambdaContext:
    """As much of Lambda's context as Powertools reads."""

    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:function"
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"
    remaining: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining


def submitted(message: str = "Look after my dog", destination: Any = "mars") -> WishSubmitted:
    """A submission as the frontend makes it from harmless text."""
    return WishSubmitted(destination=destination, message=message, digest=payload_digest(destination, None, message))


def envelope(event: Event, wish_id: str = WISH_ID) -> Envelope:
    """An event on its way."""
    return Envelope.of(event, source="tests", wish_id=wish_id, time=NOON, correlation_id="request-1")


def story(wish_id: str = WISH_ID, destination: Any = "mars") -> list[Envelope]:
    """Return the story of an ordinary wish, as in Pods."""
    return [envelope(submitted(destination=destination), wish_id), envelope(WishAccepted(), wish_id)]
