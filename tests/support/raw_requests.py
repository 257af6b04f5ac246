"""Requests that a well-behaved client does not send, each with the statuses of all answers to it.

No status means that the server closes the connection without an answer. A second status where a request looks like one
would mean that bytes of a body were taken for a request.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat

CRLF = b"\r\n"
HIDDEN = b"GET /manifest HTTP/1.1\r\nHost: x\r\n\r\n"
GET = b"GET /health HTTP/1.1\r\nHost: x\r\n"
LAST = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Case:
    """A raw request. `pieces` are its bytes; `methods` those of the requests in it, where not all are GET or POST.

    Its answer `may_be_lost` where the server closes before it has read everything: TCP then resets the connection, and
    what the client has not read yet goes with it.
    """

    name: str
    pieces: Iterable[bytes]
    statuses: tuple[int, ...]
    methods: tuple[str, ...] = ()
    may_be_lost: bool = False


def case(name: str, request: bytes, *statuses: int, methods: tuple[str, ...] = ()) -> Case:
    return Case(name, [request], statuses, methods)


def get(target: bytes = b"/health", *headers: bytes, version: bytes = b"HTTP/1.1", method: bytes = b"GET") -> bytes:
    """A request without a body, after which the server is to close the connection."""
    lines = [method + b" " + target + b" " + version, b"Host: x", *headers, b"Connection: close"]
    return CRLF.join(lines) + CRLF * 2


def post(*headers: bytes, body: bytes = b"") -> bytes:
    """A wish as JSON with these headers, without a length of its own."""
    lines = [b"POST /wishes HTTP/1.1", b"Host: x", b"Content-Type: application/json", *headers]
    return CRLF.join(lines) + CRLF * 2 + body


def with_length(length: bytes, body: bytes = b"{}" + HIDDEN) -> bytes:
    return post(b"Content-Length: " + length, b"Connection: close", body=body)


def chunked(body: bytes, coding: bytes = b"Transfer-Encoding: chunked") -> bytes:
    return post(coding, b"Connection: close", body=body)


WHOLE = b"2\r\n{}\r\n0\r\n\r\n"

SMUGGLING = [
    case("CL.TE", post(b"Content-Length: 40", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + HIDDEN), 400),
    case("TE.CL", post(b"Transfer-Encoding: chunked", b"Content-Length: 4", body=b"5c\r\n" + HIDDEN), 400),
    case("TE.CL, complete", post(b"Content-Length: 2", b"Transfer-Encoding: chunked", body=WHOLE + HIDDEN), 400),
    case("TE.TE", chunked(WHOLE + HIDDEN, b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"), 400),
    case("TE twice", chunked(WHOLE + HIDDEN, b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400),
    case("TE list", chunked(WHOLE + HIDDEN, b"Transfer-Encoding: gzip, chunked"), 400),
    case("TE list, other way", chunked(WHOLE + HIDDEN, b"Transfer-Encoding: chunked, identity"), 400),
    case("TE unknown", chunked(WHOLE + HIDDEN, b"Transfer-Encoding: xchunked"), 400),
    case("TE in quotes", chunked(WHOLE + HIDDEN, b'Transfer-Encoding: "chunked"'), 400),
    case("TE after a vertical tab", chunked(WHOLE + HIDDEN, b"Transfer-Encoding: \x0bchunked"), 400),
    case("TE with a space before the colon", chunked(WHOLE + HIDDEN, b"Transfer-Encoding : chunked"), 400),
    case("TE in capitals after a tab", chunked(WHOLE + HIDDEN, b"TRANSFER-ENCODING:\tCHUNKED"), 422),
    case("TE in a folded line", chunked(WHOLE + HIDDEN, b"Transfer-Encoding:\r\n chunked"), 422),
    case("TE behind a bare CR", chunked(WHOLE + HIDDEN, b"X: y\rTransfer-Encoding: chunked"), 400),
    case("TE of HTTP/1.0", chunked(WHOLE + HIDDEN).replace(b"HTTP/1.1", b"HTTP/1.0", 1), 422),
    case("CL twice, equal", with_length(b"2\r\nContent-Length: 2"), 422),
    case("CL twice, different", with_length(b"2\r\nContent-Length: 9"), 400),
    case("CL list, equal", with_length(b"2, 2"), 422),
    case("CL list, different", with_length(b"2, 9"), 400),
    *(
        case(f"CL {length!r}", with_length(length), 400)
        for length in (b"+2", b"-2", b"0x2", b"2 2", b"", b"1e1", b"2\x00", b"\xb2", b"9" * 30)
    ),
    case("CL with zeros in front", with_length(b"0002"), 422),
    case("CL under another name", with_length(b"2", b"{}").replace(b"Content-Length", b"Content_Length"), 400),
    case("a body for a GET", get(b"/health", b"Content-Length: %d" % len(HIDDEN)) + HIDDEN, 200),
    case("a body for a path that is not", get(b"/none", b"Content-Length: %d" % len(HIDDEN)) + HIDDEN, 404),
]
CHUNKS = [
    case("whole chunks", chunked(WHOLE), 422),
    case("a chunk's extension", chunked(b"2;a=b\r\n{}\r\n0\r\n\r\n"), 422),
    case("a bare LF after a size", chunked(b"2\n{}\r\n0\r\n\r\n"), 400),
    *(
        case(f"size {size!r}", chunked(size + b"\r\n{}\r\n0\r\n\r\n" + HIDDEN), 400)
        for size in (b"-2", b"+2", b"0x2", b"2 x", b"", b"g", b"F" * 30, b"2\x00")
    ),
    case("a chunk that is longer than its size", chunked(b"1\r\n{}\r\n0\r\n\r\n" + HIDDEN), 400),
    case("a chunk that is shorter than its size", chunked(b"4\r\n{}\r\n0\r\n\r\n" + HIDDEN), 400),
    case("an endless size", chunked(b"2" * 100_000), 400),
    case("an endless extension", chunked(b"2;" + b"x" * 100_000), 400),
    case("an endless trailer", chunked(b"0\r\nX: " + b"x" * 100_000), 400),
    case("a trailer", chunked(b"2\r\n{}\r\n0\r\nContent-Length: 9\r\nHost: y\r\n\r\n" + HIDDEN), 422),
]
# Where the API has nothing: other spellings of /health, the engine's own paths, other forms of a target.
NOWHERE = rb"""
//health /./health /x/../health /health/. /health/.. /%2e/health /%2e%2e/health /x/%2e%2e/health /%252e%252e/health
/x%2fhealth /x%2Fhealth /x%5chealth /%c0%ae/health /health%00 /health%0d%0aX:y /health%7f /health% /health%zz /health/
/health;x /_ministack/health /_localstack/health /_aws/execute-api/x/local/health /local/health /prod/health /restapis
/2015-03-31/functions /.. /. /... // /\health \health health * ? x:health http://x/health https://x/health http://x
/http://x/health //x/health /health#x
""".split()
PATHS = [
    *(case(f"path {path!r}", get(path), 404) for path in [*NOWHERE, b"/a" * 4000]),
    *(
        case(f"path {path!r}", get(path), 400)
        for path in (b"/heal\x00th", b"/heal\x80th", b"/\xff", b"/\xc3\xa9", b"/hea lth", b"", b"/\x7f")
    ),
    *(
        case(f"query {query!r}", get(b"/health?" + query), 200)
        for query in (b"", b"?", b"a=%2e%2e/&b=%00", b"%", b"a=b?c=/../")
    ),
    case("a query that is none", get(b"/health?a=\\"), 200),
    case("authority form", get(b"x:80", method=b"CONNECT"), 404),
    case("a tunnel", get(b"/health", method=b"CONNECT") + HIDDEN, 404),
    case("OPTIONS of everything", get(b"*", method=b"OPTIONS"), 404),
    case(
        "a preflight",
        get(b"/wishes", b"Origin: https://evil.example", b"Access-Control-Request-Method: POST", method=b"OPTIONS"),
        404,
    ),
]
METHODS = [
    *(
        case(f"method {method!r}", get(method=method), 404)
        for method in (b"POST", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"get", b"FOO", b"M-SEARCH", b"X" * 5000)
    ),
    *(
        case(f"method {method!r}", get(method=method), 400)
        for method in (b"", b"G\x00T", b"G\x80T", b"G(T", b" GET", b"GET\t")
    ),
    *(
        case(f"version {version!r}", get(version=version), 400)
        for version in (
            b"",
            b"HTTP/11",
            b"HTTP/1",
            b"HTTP/1.1x",
            b"http/1.1",
            b"HTTP/1.1 x",
            b"HTTP/+1.1",
            b"XTTP/1.1",
            b"HTTP/12.1",
        )
    ),
    case("HTTP/0.9", b"GET /health\r\n\r\n", 400),
    case("HTTP/1.0", b"GET /health HTTP/1.0\r\n\r\n", 200),
    case("HTTP/1.0 that stays", b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200),
    case("HTTP/1.2", get(version=b"HTTP/1.2"), 200),
    *(case(f"version {version!r}", get(version=version), 400) for version in (b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9")),
    case("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", 400),
    case("a hello of TLS", b"\x16\x03\x01\x00\xf4\x01\x00\x00\xf0\x03\x03" + bytes(range(230)), 400),
    case("SSH", b"SSH-2.0-OpenSSH_9.9\r\n"),
    case("zeros", b"\x00" * 100, 400),
    case("one LF", b"\n" + LAST, 400),
    case("empty lines", CRLF * 1000 + LAST, 400),
    case("nothing", b""),
    case("half a line", b"GET /hea"),
    case("a head without its end", GET + b"X: y\r\n"),
]
HEADERS = [
    case("no host", b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
    case("two hosts", get(b"/health", b"Host: y"), 400),
    case("an empty host", get().replace(b"Host: x", b"Host:"), 200),
    case("a folded line", get(b"/health", b"X: y\r\n z"), 200),
    case("a folded first line", get().replace(b"Host: x", b" Host: x"), 400),
    case("bare LF everywhere", get().replace(CRLF, b"\n"), 200),
    case("a bare CR", get(b"/health", b"X: y\rz"), 400),
    case("only CR", get().replace(CRLF, b"\r")),
    *(
        case(f"header {line!r}", get(b"/health", line), 400)
        for line in (
            b"X",
            b": y",
            b"X y: z",
            b"X : y",
            b"X: y\x00z",
            b"X\x00: y",
            b"\x80: y",
            b"X(: y",
            b"X: y\x0b\x00",
        )
    ),
    *(
        case(f"header {line!r}", get(b"/health", line), 200)
        for line in (
            b"X:",
            b"X: \x80\xff",
            b"X:  y  ",
            b"1: 2",
            b"Range: bytes=0-0",
            b"If-None-Match: *",
            b"Accept: \xff",
            b"Accept: ;;;,,,",
            b"Connection: host, accept",
            b"Accept-Language: " + b"en;q=0.1," * 500,
            b"Accept-Encoding: gzip;q=0",
            b"Accept-Encoding: \xff",
            b"TE: trailers",
            b"Cookie: " + b"a=b;" * 1000,
            b"Upgrade: websocket\r\nConnection: upgrade",
            b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
            b"Expect: 100-continue",
            b"Expect: more",
            b"Authorization: Bearer " + b"x" * 4000,
            b"Forwarded: for=1",
            b"Authorization: Basic eDp5",
            b"X-Amzn-RequestId: x",
            b"X-Amzn-Trace-Id: Root=1-0-0",
            b"Max-Forwards: 0",
            b"Via: 1.1 x",
            b"Proxy-Connection: keep-alive",
        )
    ),
    case(
        "a token that is none",
        get(b"/ops/queue", b"Authorization: Bearer x").replace(b"Host: x", b"Host: localhost"),
        401,
    ),
    case("9 KB of a header", get(b"/health", b"X: " + b"x" * 9000), 200),
    case("12 KB of a header", get(b"/health", b"X: " + b"x" * 12_000), 400),
    case("200 KB of a header", get(b"/health", b"X: " + b"x" * 200_000), 400),
    case("a thousand headers", get(b"/health", *[b"X-%d: y" % number for number in range(1000)]), 200),
    case("5000 headers", get(b"/health", *[b"X-%d: y" % number for number in range(5000)]), 400),
    case("9 KB of a query", get(b"/health?" + b"x" * 9000), 200),
    case("12 KB of a query", get(b"/health?" + b"x" * 12_000), 400),
    case("12 KB of a path", get(b"/" + b"x" * 12_000), 400),
    case("200 KB of a path", get(b"/" + b"x" * 200_000), 400),
    case("200 KB of a method", get(method=b"X" * 200_000), 400),
    Case("an endless header", [GET + b"X: ", *[b"x" * 10_000] * 1000], (400,), may_be_lost=True),
    Case("endless headers", [GET, *[b"X: y\r\n" * 1000] * 1000], (400,), may_be_lost=True),
    Case("an endless line", [b"GET /", *[b"x" * 10_000] * 1000], (400,), may_be_lost=True),
]
_KILOBYTE = b"400\r\n" + b"x" * 1024 + CRLF
BODIES = [
    case("no length", post(b"Connection: close"), 400),
    case(
        "expected to continue",
        post(b"Expect: 100-continue", b"Content-Length: 2", b"Connection: close", body=b"{}"),
        422,
    ),
    case(
        "expected to continue, too large",
        post(b"Expect: 100-continue", b"Content-Length: 99999999", b"Connection: close"),
        413,
    ),
    case("8193 bytes", with_length(b"8193", b"x" * 8193), 413),
    case("more than the proxy takes", with_length(b"65537", b"x" * 65537), 413),
    case("ten gigabytes, it says", with_length(b"10000000000", b"{}"), 413),
    case(
        "compressed, it says",
        post(b"Content-Encoding: gzip", b"Content-Length: 2", b"Connection: close", body=b"{}"),
        422,
    ),
    case("two types", post(b"Content-Type: text/plain", b"Content-Length: 2", b"Connection: close", body=b"{}"), 415),
    case("a type of 8 KB", with_length(b"2", b"{}").replace(b"application/json", b"a/" + b"x" * 8000), 415),
    case("a type that is none", with_length(b"2", b"{}").replace(b"application/json", b"\xff;=\xff"), 415),
    case(
        "a key that is none",
        post(b"Idempotency-Key: \xff", b"Content-Length: 2", b"Connection: close", body=b"{}"),
        400,
    ),
    case("less than it says", post(b"Content-Length: 100", body=b"{}")),
    Case("an endless body", [post(b"Transfer-Encoding: chunked"), *[_KILOBYTE] * 5000], (413,), may_be_lost=True),
    Case(
        "an endless body for nothing",
        [get(b"/none", b"Transfer-Encoding: chunked"), *[_KILOBYTE] * 5000],
        (404,),
        may_be_lost=True,
    ),
]
PIPELINES = [
    case("three at once", (GET + CRLF) * 2 + LAST, 200, 200, 200),
    case("a hundred at once", (GET + CRLF) * 99 + LAST, *repeat(200, 100)),
    case("garbage after a request", GET + CRLF + b"\x00\r\n\r\n", 200, 400),
    case("a body that nobody reads, and another request", GET + b"Content-Length: 2\r\n\r\n{}" + LAST, 200, 200),
    case(
        "a 404 with a body, and another request",
        GET.replace(b"health", b"none") + b"Content-Length: 2\r\n\r\n{}" + LAST,
        404,
        200,
    ),
    case("a HEAD, and another request", GET.replace(b"GET", b"HEAD") + CRLF + LAST, 200, 200, methods=("HEAD",)),
    case("a HEAD of nothing", get(b"/none", method=b"HEAD"), 404, methods=("HEAD",)),
    case("a HEAD of a page", get(b"/", method=b"HEAD"), 200, methods=("HEAD",)),
    case(
        "a HEAD with a body that is none",
        get(b"/health", b"Transfer-Encoding: chunked", method=b"HEAD") + b"x\r\n",
        400,
        methods=("HEAD",),
    ),
]
CASES = [*SMUGGLING, *CHUNKS, *PATHS, *METHODS, *HEADERS, *BODIES, *PIPELINES]

_TOKENS = [
    b"\r\n", b"\n", b"\r", b" ", b"\t", b"\x00", b"\x80", b":", b"0", b"/", b"..", b"%2e", b"%2f", b"%00", b";", b"#",
    b"?", b"@", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: y\r\n", b"HTTP/1.1", b"GET ",
    b"POST ", b"0\r\n\r\n", b"/_ministack/health", b"http://x", b"X-Amz-Target: AmazonSQS.ListQueues\r\n", HIDDEN,
]  # fmt: skip


def mutants(number: int, seed: int) -> Iterator[bytes]:
    """Yield so many requests that were changed in up to three places; the same ones for the same seed."""
    chance = random.Random(seed)
    whole = [b"".join(each.pieces) for each in CASES if not each.methods]
    originals = [each for each in whole if len(each) < 2000]
    for _ in range(number):
        request = chance.choice(originals)
        for _ in range(chance.randint(1, 3)):
            at = chance.randint(0, len(request))
            end = min(len(request), at + chance.choice([0, 0, 1, 5]))
            request = request[:at] + chance.choice(_TOKENS) + request[end:]
        yield request
