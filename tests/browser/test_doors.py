"""A web page of somebody else, open in the presenter's browser, tries to get in to the engine and the agent."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.support.chromium import FLAGS, quick_chromium
from tests.support.laptop import Stack

EVIL = "evil.example"
CONTAINERS = "host.docker.internal"  # the door knows it; a network's DNS may point it anywhere
# Each tells what it got to see. All of them send the stack's key, as if somebody had told it.
ATTACKS = """
async ([engine, agent, key]) => {
  const signed = (service) =>
    `AWS4-HMAC-SHA256 Credential=${key}/20451127/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  const target = (name, service) => ({"X-Amz-Target": name, Authorization: signed(service)});
  const plain = {method: "POST", mode: "no-cors", body: "{}"};
  const said = async (promise) => {
    try { const answer = await promise; return `${answer.type} ${answer.status}` } catch { return "failed" }
  };
  const socket = () => new Promise((done) => {
    const opened = new WebSocket(engine.replace("http", "ws") + "/_aws/execute-api/x/local");
    opened.onopen = () => done("opened"); opened.onerror = () => done("failed");
  });
  const form = document.createElement("form");
  form.method = "post"; form.enctype = "text/plain"; form.target = "elsewhere";
  form.action = engine + `/?Action=CreateQueue&QueueName=stolen-by-form&X-Amz-Credential=${key}/d/r/sqs/aws4_request`;
  const frame = document.createElement("iframe"); frame.name = "elsewhere";
  document.body.append(frame, form);
  const loaded = new Promise((done) => frame.onload = () => done());
  form.submit(); await loaded;
  const call = (name, service, body) => fetch(engine, {method: "POST", body, headers: target(name, service)});
  const ours = {"x-lastwish-key": key};
  return {
    tables: await said(call("DynamoDB_20120810.ListTables", "dynamodb", "{}")),
    create: await said(call("AmazonSQS.CreateQueue", "sqs", '{"QueueName": "stolen"}')),
    query: await said(fetch(engine + "/?Action=CreateQueue&QueueName=stolen-by-query", plain)),
    invoke: await said(fetch(engine + "/2015-03-31/functions/worker/invocations", plain)),
    reset: await said(fetch(engine + "/_ministack/reset", plain)),
    calls: await said(fetch(engine + "/_lastwish/calls", {headers: ours})),
    traces: await said(fetch(agent + "/_lastwish/traces", {method: "DELETE", headers: ours})),
    health: await said(fetch(agent + "/_lastwish/health", {mode: "no-cors"})),
    beacon: navigator.sendBeacon(engine + "/?Action=CreateQueue&QueueName=stolen-by-beacon", "{}") ? "sent" : "failed",
    socket: await socket(),
  };
}
"""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A page on another port of this machine: for a browser a page of somebody else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>kittens</title><body>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


def queues(stack: Stack) -> set[str]:
    return set(stack.aws("sqs").list_queues()["QueueUrls"])


def test_a_page_of_another_origin_stays_out(page: Page, stack: Stack, elsewhere: str) -> None:
    before, wishes = queues(stack), stack.run("submit", "Still here?", "--to", "mars", "--json")
    page.goto(elsewhere)
    said = page.evaluate(ATTACKS, [stack.engine, stack.xray, stack.key])

    # A page learns nothing of an opaque answer; whether the call was carried out shows below.
    assert {name: word for name, word in said.items() if word not in {"failed", "opaque 0", "sent"}} == {}
    assert {said[name] for name in ("tables", "create", "calls", "traces", "socket")} == {"failed"}
    assert queues(stack) == before
    assert wishes.returncode == 0
    assert stack.stored()  # nothing was reset


def test_the_same_calls_work_for_who_is_no_page(stack: Stack) -> None:
    """Or the test above would prove nothing."""
    url = stack.aws("sqs").create_queue(QueueName="stolen")["QueueUrl"]
    assert url in queues(stack)
    stack.aws("sqs").delete_queue(QueueUrl=url)


@pytest.fixture
def rebound(browser: Browser) -> Iterator[Page]:
    """A browser in which a name of somebody else points at this machine (DNS rebinding)."""
    rule = f"--host-resolver-rules=MAP {EVIL} 127.0.0.1, MAP {CONTAINERS} 127.0.0.1"
    other = browser.browser_type.launch(executable_path=quick_chromium(), args=[*FLAGS, rule])
    yield other.new_page()
    other.close()


@pytest.mark.parametrize(
    "path", ["", "_ministack/health", "x/.well-known/jwks.json?Action=ListQueues&Version=2012-11-05"]
)
def test_nor_does_the_name_that_containers_have_for_it(rebound: Page, stack: Stack, path: str) -> None:
    answer = rebound.goto(f"http://{CONTAINERS}:{urlsplit(stack.engine).port}/{path}")
    assert (answer and answer.status) == 403


@pytest.mark.parametrize("part", ["engine", "xray"])
def test_a_name_that_was_pointed_at_this_machine_leads_nowhere(rebound: Page, stack: Stack, part: str) -> None:
    port = urlsplit(getattr(stack, part)).port
    answer = rebound.goto(f"http://{EVIL}:{port}/_ministack/health")
    assert (answer and answer.status, "services" in rebound.content()) == (403, False)

    def status(path: str) -> Any:
        """From here on the page is of the same origin: it reads every answer, and sends every header."""
        script = "([path, key]) => fetch(path, {headers: {'x-lastwish-key': key}}).then((answer) => answer.status)"
        return rebound.evaluate(script, [path, stack.key])

    assert {status(path) for path in ("/_ministack/health", "/_lastwish/calls", "/_lastwish/health", "/")} == {403}


def test_nor_does_it_lead_to_the_operators_pages(rebound: Page, stack: Stack) -> None:
    port = urlsplit(stack.url).port
    statuses = [rebound.goto(f"http://{EVIL}:{port}/{path}") for path in ("console", "sign-in", "ops/queue")]
    assert [each and each.status for each in statuses] == [404, 404, 404]
