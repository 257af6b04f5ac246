"""Messages of Slack. Nothing in a text is active: no link, no mention, whoever wrote it.

Slack reads three characters as the beginning of a link or a mention, and `verbatim` keeps it from making links of
addresses and names that it recognises (Slack: "Formatting message text"). `linked` alone makes a link.
"""

import html
import logging
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

type Block = dict[str, Any]

TROUBLE = (SlackClientError, OSError, HTTPException)
_LONGEST = 2800  # Slack takes 3,000 characters in a text, and a title stands before some
_CUT = 500  # an escaped character is five times as long
_log = logging.getLogger(__name__)


def escaped(text: str) -> str:
    """Return a text in which Slack finds neither link nor mention."""
    return html.escape(text, quote=False)


def pieces(*lines: str) -> list[str]:
    """Return lines, escaped, in as few texts as Slack takes; at least one."""
    texts = [""]
    for piece in (escaped(line[at : at + _CUT]) for line in lines for at in range(0, len(line), _CUT)):
        if len(texts[-1]) + len(piece) >= _LONGEST:
            texts.append("")
        texts[-1] += f"{piece}\n"
    return [each.rstrip("\n") or "-" for each in texts]  # Slack takes no empty text


def linked(address: str, label: str) -> str:
    """Return a link; an address that is none as text. What is in it cannot end the link."""
    is_address = urlsplit(address).scheme in ("http", "https") and not set(address) & set("|<> \n")
    return f"<{escaped(address)}|{escaped(label)}>" if is_address else escaped(f"{label}: {address}")


def button(action: str, label: str, value: str, style: str = "") -> Block:
    """Return a button: Slack sends `action` with `value`. `style` is "primary", "danger" or none."""
    told = {"type": "button", "action_id": action, "text": _plain(label), "value": value}
    return told | ({"style": style} if style else {})


def dialog(kind: str, label: str, note: str, choices: tuple[str, ...] = ()) -> Block:
    """Return a dialog with one field: one of the choices, or else a text. `note` comes back with it."""
    options = [{"text": _plain(each), "value": each} for each in choices]
    element = {"type": "static_select", "options": options} if choices else {"type": "plain_text_input"}
    field = {"type": "input", "block_id": "field", "label": _plain(label), "element": element | {"action_id": "field"}}
    said = {"title": _plain("Last Wish"), "submit": _plain("Go on"), "close": _plain("Cancel")}
    return {"type": "modal", "callback_id": kind, "private_metadata": note, **said, "blocks": [field]}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


class Channel:
    """Messages in a channel. What Slack does not take is logged: a deploy goes on without its audience.

    Texts are escaped before, by `escaped`, `pieces` or `linked`.
    """

    def __init__(self, client: WebClient, channel: str) -> None:
        self._client, self._channel = client, channel

    def send(self, *texts: str, buttons: tuple[Block, ...] = (), **place: str) -> str:
        """Post a message, or a reply under `thread_ts`; change the message `ts`. Return its id.

        It is empty where Slack did not take it.
        """
        method = "chat.update" if "ts" in place else "chat.postMessage"
        blocks: list[Block] = [
            {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}} for text in texts
        ]
        blocks += [{"type": "actions", "elements": list(buttons)}] if buttons else []
        message = {"channel": self._channel, "text": texts[0], "blocks": blocks, "parse": "none", "unfurl_links": False}
        try:
            return str(self._client.api_call(method, json=message | place)["ts"])
        except TROUBLE as error:
            _log.warning("Slack did not take a message: %s", error)
            return ""
