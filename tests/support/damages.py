"""Ways to damage the stores of an evening."""

from collections.abc import Callable
from typing import Any

from domain.commit import stream_of
from tests.support.evening import CURRENT, OLD, STRANGER, WISHES, Evening, text_of


def _swap(evening: Evening, kind: str, one: int, two: int) -> None:
    first, second = evening.commit(kind, one), evening.commit(kind, two)
    evening.put("EventStore", first | {"version": second["version"]}, second | {"version": first["version"]})


def swap_first(evening: Evening) -> None:
    _swap(evening, "hidden", 1, 2)


def swap_later(evening: Evening) -> None:
    _swap(evening, "released", 2, 3)


def swap_what_folds_to_the_same(evening: Evening) -> None:
    _swap(evening, "late", 2, 3)


def drop_stream(evening: Evening) -> None:
    evening.delete("EventStore", evening.commit("boarded", 1))


def drop_middle(evening: Evening) -> None:
    evening.delete("EventStore", evening.commit("released", 2))


def drop_last(evening: Evening) -> None:
    evening.delete("EventStore", evening.commit("hidden", 2))


def lose_submission(evening: Evening) -> None:
    commit = evening.commit("waiting", 1)
    evening.put("EventStore", commit | {"events": {"L": commit["events"]["L"][1:]}})


def move_commit(evening: Evening) -> None:
    other = evening.commit("boarded", 1)
    evening.put("EventStore", other | {"stream": {"S": stream_of(WISHES["waiting"])}, "version": {"N": "2"}})


def garble_commit(evening: Evening) -> None:
    commit = evening.commit("jovian", 1)
    commit["events"]["L"][0]["M"]["data"]["M"]["destination"] = {"S": "venus"}
    evening.put("EventStore", commit)


def lose_zone(evening: Evening) -> None:
    evening.put("EventStore", evening.commit("rejected", 1) | {"time": {"S": "2045-01-01T12:00:00"}})


def _say(evening: Evening, kind: str, text: str) -> None:
    commit = evening.commit(kind, 1)
    commit["events"]["L"][0]["M"]["data"]["M"]["message"] = {"S": text}
    evening.put("EventStore", commit)


def type_tag(evening: Evening) -> None:
    _say(evening, "boarded", "<b>Secret</b>")


def unerase_commit(evening: Evening) -> None:
    _say(evening, "erased", text_of("erased"))


def unerase_row(evening: Evening) -> None:
    evening.put("ReadModel", evening.row("erased") | {"message": {"S": text_of("erased")}})


def unerase_letter(evening: Evening) -> None:
    evening.letter("InboxDlq", "erased", WISHES["erased"])


def _old_row(evening: Evening, kind: str) -> None:
    row = evening.row(kind) | {"message": {"S": text_of(kind)}}
    evening.put("ReadModel", row | {"pk": {"S": row["pk"]["S"].replace(f"{CURRENT}#", f"{OLD}#", 1)}})


def leave_old_row(evening: Evening) -> None:
    _old_row(evening, "boarded")


def leave_old_row_of_erased(evening: Evening) -> None:
    _old_row(evening, "erased")


def leave_generation(evening: Evening) -> None:
    evening.pointer(CURRENT, CURRENT, CURRENT + 1)


def stop_writing(evening: Evening) -> None:
    evening.pointer(CURRENT, CURRENT + 1)


def _number(evening: Evening, name: str, change: int) -> None:
    totals = evening.model("totals")
    evening.put("ReadModel", totals | {name: {"N": str(int(totals[name]["N"]) + change)}})


def miscount(evening: Evening) -> None:
    _number(evening, "mars_boarded", 1)


def lose_totals(evening: Evening) -> None:
    evening.delete("ReadModel", evening.model("totals"))


def count_past_feed(evening: Evening) -> None:
    _number(evening, "feed", 1)


def count_before_news(evening: Evening) -> None:
    _number(evening, "news", -1)


def lose_minutes(evening: Evening) -> None:
    evening.put("ReadModel", evening.model("feed#0", f"{1:012}") | {"minutes": {"M": {}}})


def lose_feed(evening: Evening) -> None:
    evening.delete("ReadModel", evening.model("feed#0", f"{1:012}"))


def move_feed(evening: Evening) -> None:
    entry = evening.model("feed#0", f"{1:012}")
    evening.delete("ReadModel", entry)
    evening.put("ReadModel", entry | {"pk": {"S": f"{CURRENT}#feed#7"}})


def lose_news(evening: Evening) -> None:
    evening.delete("ReadModel", evening.model("news#0", f"{1:012}"))


def _feed(evening: Evening, change: Callable[[dict[str, Any]], None]) -> None:
    entry = evening.model("feed#0", f"{1:012}")
    change(entry["wishes"]["M"])
    evening.put("ReadModel", entry)


def show_twice(evening: Evening) -> None:
    _feed(evening, lambda wishes: wishes["pod#jupiter#1"]["L"].append({"S": WISHES["jovian"]}))


def show_nobody(evening: Evening) -> None:
    _feed(evening, lambda wishes: wishes.update({"pod#mars#99": {"L": [{"S": STRANGER}]}}))


def show_less(evening: Evening) -> None:
    _feed(evening, lambda wishes: wishes.pop("pod#jupiter#1"))


def show_held(evening: Evening) -> None:
    _feed(evening, lambda wishes: wishes["pod#jupiter#1"]["L"].append({"S": WISHES["held"]}))


def lose_row(evening: Evening) -> None:
    evening.delete("ReadModel", evening.row("waiting"))


def repeat_row(evening: Evening) -> None:
    evening.put("ReadModel", evening.row("boarded") | {"pk": {"S": f"{CURRENT}#pod#mars#2"}})


def change_row(evening: Evening) -> None:
    evening.put("ReadModel", evening.row("boarded") | {"message": {"S": "Secret, but another"}})


def garble_version(evening: Evening) -> None:
    evening.put("ReadModel", evening.row("boarded") | {"version": {"S": "one"}})


def invent_row(evening: Evening) -> None:
    evening.put("ReadModel", evening.row("boarded") | {"sk": {"S": STRANGER}})


def tag_row(evening: Evening) -> None:
    evening.put("ReadModel", evening.row("boarded") | {"name": {"S": "<i>Secret"}})


def garble_model(evening: Evening) -> None:
    evening.put("ReadModel", evening.model("news#0", f"{1:012}") | {"sk": {"S": "what"}})


def _seat(evening: Evening, kind: str, number: int) -> None:
    commit = evening.commit(kind, 1)
    commit["events"]["L"][2]["M"]["data"]["M"]["seat"] = {"N": str(number)}
    evening.put("EventStore", commit)


def sell_twice(evening: Evening) -> None:
    _seat(evening, "released", 1)


def lower_mark(evening: Evening) -> None:
    evening.put("Seats", {"id": {"S": "marks"}, "mars": {"N": "4"}, "jupiter": {"N": "2"}})


def free_taken(evening: Evening) -> None:
    evening.put("Seats", {"id": {"S": "free#mars"}, "seats": {"NS": ["1"]}})


def truncate_ledger(evening: Evening) -> None:
    lines = evening.chain.ledger.read_text().splitlines(keepends=True)
    evening.chain.ledger.write_text("".join(lines[:5]))


def empty_ledger(evening: Evening) -> None:
    evening.chain.ledger.write_text("")


def garble_ledger(evening: Evening) -> None:
    lines = evening.chain.ledger.read_text().splitlines(keepends=True)
    evening.chain.ledger.write_text("".join(['{"wish_id": "5d3c\n', *lines[1:]]))


def break_promise(evening: Evening) -> None:
    evening.chain.promise(STRANGER)


def store_stranger(evening: Evening) -> None:
    evening.put("EventStore", evening.commit("rejected", 1) | {"stream": {"S": stream_of(STRANGER)}})


def bury_stranger(evening: Evening) -> None:
    evening.letter("PodsDlq", "waiting", STRANGER)


def bury_stored(evening: Evening) -> None:
    evening.letter("PodsDlq", "boarded", WISHES["boarded"])


def hide_letters(evening: Evening) -> None:
    evening.chain.aws.messages("PodsDlq")


def hold_up(evening: Evening) -> None:
    evening.chain.promise(STRANGER)
    evening.chain.aws.sqs.send_message(QueueUrl=evening.chain.aws.urls["Pods"], MessageBody="{}")
