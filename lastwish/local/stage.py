"""The stage of a show: what it asks of the hall and shows to the presenter, and what they answer.

`stage.json` has one writer, the show, and means nothing once that has ended; the proxy reads it. What comes back stands
in `stage.sqlite`, to which both of the proxy's processes write: the hall's votes, one for each wish, and the orders
from the presenter's page. Both files are for their owner alone. Times in them are seconds of the epoch.

Words for people are one text, or one for each language: `{"en": "…", "ja": "…"}`.
"""

import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal

from lastwish.local.processes import ProcessId
from lastwish.local.state import Home, write_secret

type Words = str | dict[str, str]
type Seen = dict[str, Any]
type Order = Literal["next", "pause", "skip", "panic"]
ORDERS: tuple[Order, ...] = ("next", "pause", "skip", "panic")

_TABLES = """
    CREATE TABLE IF NOT EXISTS votes (vote TEXT, wish TEXT, choice TEXT, PRIMARY KEY (vote, wish)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS orders (number INTEGER PRIMARY KEY, name TEXT);
"""


def open_vote(home: Home, choices: Mapping[str, Words], seconds: float) -> None:
    """Ask the hall what to break, for so many seconds. `choices` are titles by id, e.g. by the name of a drill."""
    titles = [{"id": choice, "title": title} for choice, title in choices.items()]
    put(home, vote={"id": secrets.token_hex(8), "choices": titles, "closes": time.time() + seconds}, drill=None)


def result(home: Home) -> str | None:
    """Return the choice with the most votes so far, of two with as many the first; None where there is no vote."""
    vote = (read(home) or {}).get("vote")
    return vote and _winner(_counts(home, vote))


def announce(home: Home, drill: str, title: Words, seconds: float | None = None) -> None:
    """Say what is broken from now on, for so many seconds or until `mended`: pages show it, receipts what it did.

    A vote that is open is over by it. `drill` is its name, by which the pages may have words of their own.
    """
    now, vote = time.time(), (read(home) or {}).get("vote")
    over = vote and {**vote, "closes": min(vote["closes"], now)}
    broken = {"id": drill, "title": title, "began": now, "ends": now + seconds if seconds else None}
    put(home, vote=over, drill=broken)


def mended(home: Home) -> None:
    """Say that what was broken is mended now."""
    if drill := (read(home) or {}).get("drill"):
        now = time.time()
        put(home, drill={**drill, "ends": min(drill["ends"] or now, now)})


def put(home: Home, **parts: Any) -> None:
    """Put parts on the stage, in the place of their former state; None takes one away.

    `vote` and `drill` are what the functions above write. `finale` goes to the wall as it is. `show` goes to the
    presenter's page: `{"title", "cue": {"title", "say", "look": {place: words}, "see": [{"what", "seen"}]}, "number",
    "of", "next", "left", "left_of_show", "paused", "blank"}`; `next` is a title, both `left` are in seconds from now.
    """
    state = (read(home) or {}) | parts | {"writer": asdict(ProcessId.of(os.getpid()))}
    write_secret(home.stage, {name: part for name, part in state.items() if part is not None})


def clear(home: Home) -> None:
    """End the show: nothing is on the stage, votes and orders are forgotten."""
    home.stage.unlink(missing_ok=True)
    home.answers.unlink(missing_ok=True)


def read(home: Home) -> dict[str, Any] | None:
    """Return what is on the stage, None where there is no show, or the file is damaged."""
    try:
        state: dict[str, Any] = json.loads(home.stage.read_text())
        is_on = ProcessId(**state["writer"]).alive()  # a killed show cleared nothing
    except (FileNotFoundError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return state if is_on else None


def seen(home: Home) -> Seen | None:
    """Return what the audience sees of the stage, as in docs/http.md; None where there is no show."""
    if (state := read(home)) is None:
        return None
    now = time.time()
    shown: Seen = {"finale": state["finale"]} if "finale" in state else {}
    if vote := state.get("vote"):
        counts, left = _counts(home, vote), max(0.0, vote["closes"] - now)
        public = {"id": vote["id"], "choices": vote["choices"]}
        shown["vote"] = public | {"counts": counts, "seconds_left": left}
        if not left:
            shown["winner"] = next(each for each in vote["choices"] if each["id"] == _winner(counts))
    if drill := state.get("drill"):
        ends = drill["ends"]
        shown["drill"] = {
            "id": drill["id"],
            "title": drill["title"],
            "began": _time(drill["began"]),
            "ended": _time(ends) if ends and ends <= now else None,
            "seconds_left": max(0.0, ends - now) if ends else None,
        }
    return shown


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


class NoSuchVote(Exception):  # noqa: N818 - a state of the vote
    """No vote with this id, or no such choice in it."""


class VoteClosed(Exception):  # noqa: N818 - a state of the vote
    """The vote is over."""


def cast(home: Home, vote_id: str, choice: str, wish_id: str) -> None:
    """Count the vote of a wish, in the place of its earlier one. Raises NoSuchVote, VoteClosed."""
    vote = (read(home) or {}).get("vote")
    if not vote or vote["id"] != vote_id or choice not in [each["id"] for each in vote["choices"]]:
        raise NoSuchVote
    if time.time() >= vote["closes"]:
        raise VoteClosed
    with _answers(home) as answers:
        answers.execute("INSERT OR REPLACE INTO votes VALUES (?, ?, ?)", (vote_id, wish_id, choice))


def _counts(home: Home, vote: dict[str, Any]) -> dict[str, int]:
    """Return the votes of each choice, in the order of the choices."""
    with _answers(home) as answers:
        rows = answers.execute("SELECT choice, COUNT(*) FROM votes WHERE vote = ? GROUP BY choice", (vote["id"],))
        return dict.fromkeys((each["id"] for each in vote["choices"]), 0) | dict(rows.fetchall())


def _winner(counts: dict[str, int]) -> str:
    return max(counts, key=lambda choice: counts[choice])


def order(home: Home, name: Order) -> None:
    """Give the show an order, from the presenter's page."""
    with _answers(home) as answers:
        answers.execute("INSERT INTO orders (name) VALUES (?)", (name,))


def take_orders(home: Home) -> list[Order]:
    """Return the orders since the last call, oldest first."""
    with _answers(home) as answers:
        return [name for _, name in sorted(answers.execute("DELETE FROM orders RETURNING number, name").fetchall())]


@contextmanager
def _answers(home: Home) -> Iterator[sqlite3.Connection]:
    home.answers.touch(mode=0o600)
    with closing(sqlite3.connect(home.answers, autocommit=True)) as answers:
        answers.executescript(_TABLES)
        answers.execute("PRAGMA synchronous = OFF")  # a power cut may forget votes: nobody was promised them
        yield answers
