"""Check what must be true of the stores together, as pure functions of a picture of them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from domain.commit import Commit, events_of
from domain.events import Event, UnknownEvent, WishBoarded, WishErased, WishHidden, WishShown, WishSubmitted
from domain.seats import Seat
from domain.wish import BoardFromWaitlist, EraseWish, HideWish, ReleaseWish, Wish, decide, evolve, fold
from infra.erasure import has_text
from lastwish.maintenance.dead_letters import QUEUES
from lastwish.maintenance.difference import Difference
from lastwish.maintenance.model_checks import model_differences
from lastwish.maintenance.picture import Picture


def differences(picture: Picture) -> list[Difference]:
    """Return every violated rule."""
    checks = (versions, commits, seats, erased, letters, generations)
    return [found for check in checks for found in check(picture)]


def versions(picture: Picture) -> Iterator[Difference]:
    """Check that the versions of each stream are 1…n, begin a wish, and could be decided in this order."""
    for wish_id, stored in picture.stored.items():
        numbers = [commit.version for commit in stored.commits]
        if numbers != list(range(1, len(numbers) + 1)):
            yield Difference("gap", wish_id, f"its stream has the versions {', '.join(map(str, numbers))}")
        elif not _begins(stored.commits):
            yield Difference("no-beginning", wish_id, "its first commit holds no submission")
        else:
            misplaced = [after.version for before, after in pairwise(stored.commits) if after.time < before.time]
            misplaced += _undecidable(stored.commits)
            if misplaced:
                yield Difference("order", wish_id, f"version {min(misplaced)} cannot follow the one before it")


def _begins(commits: Sequence[Commit]) -> bool:
    """Tell if the first commit records a wish, or the erasure of a wish that was never stored."""
    first = events_of(commits[:1])
    return bool(first) and (isinstance(first[0], WishSubmitted) or [type(event) for event in first] == [WishErased])


def _undecidable(commits: Sequence[Commit]) -> Iterator[int]:
    """Yield the versions after the first with an event that nobody could decide in the state before it."""
    wish = fold(events_of(commits[:1]))
    for commit in commits[1:]:
        for event in events_of([commit]):
            if not _is_decidable(event, wish):
                yield commit.version
            wish = evolve(wish, event)


def _is_decidable(event: Event, wish: Wish | None) -> bool:
    match event, wish:
        case WishBoarded(), Wish():
            return bool(decide(BoardFromWaitlist(Seat(wish.destination, event.seat or 1)), wish))
        case WishShown(), Wish():
            return bool(decide(ReleaseWish(), wish))
        case WishHidden(), Wish():
            return bool(decide(HideWish(), wish))
        case WishErased(), _:
            return bool(decide(EraseWish(), wish))
    return isinstance(event, UnknownEvent)


def commits(picture: Picture) -> Iterator[Difference]:
    """Check that no commit is stored twice."""
    streams: defaultdict[str, list[str]] = defaultdict(list)
    for wish_id, stored in picture.stored.items():
        for commit in stored.commits:
            streams[commit.commit_id].append(wish_id)
    for wish_ids in streams.values():
        if len(wish_ids) > 1:
            for wish_id in sorted(set(wish_ids)):
                yield Difference("commit-twice", wish_id, f"one commit of it is stored {len(wish_ids)} times")


def seats(picture: Picture) -> Iterator[Difference]:
    """Check that each seat is held by at most one wish, was leased, and is not free."""
    holders: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for wish_id, stored in picture.stored.items():
        if stored.wish and stored.wish.seat is not None:
            holders[stored.wish.destination, stored.wish.seat].append(wish_id)
    for (destination, number), wish_ids in holders.items():
        seat = f"seat {number} to {destination}"
        for wish_id in wish_ids:
            if len(wish_ids) > 1:
                yield Difference("seat-twice", wish_id, f"{seat} is held by {len(wish_ids)} wishes")
            if number > picture.marks.get(destination, 0):
                yield Difference("seat-above-mark", wish_id, f"{seat} was never leased")
            if number in picture.free.get(destination, set()):
                yield Difference("seat-free", wish_id, f"{seat} is on the free list as well")


def erased(picture: Picture) -> Iterator[Difference]:
    """Check that no text of an erased wish is left: in commits, in rows of any generation, in dead letters."""
    places = [(wish_id, f"generation {n}") for n, model in picture.models.items() for wish_id in model.texts]
    places += [(wish_id, each.queue) for each in picture.letters if each.has_text for wish_id in each.wish_ids]
    found: defaultdict[str, list[str]] = defaultdict(list)
    for wish_id, place in places:
        found[wish_id].append(place)
    for wish_id, stored in picture.stored.items():
        if stored.is_erased:
            texts = [f"commit {each.version}" for each in stored.commits if has_text(each)] + found[wish_id]
            if texts:
                yield Difference("erased-text", wish_id, f"it is erased, but its text is in {', '.join(texts)}")


def letters(picture: Picture) -> Iterator[Difference]:
    """Check that no stored wish is dead-lettered as well. Who parked a letter knew it."""
    for letter in [each for each in picture.letters if each.queue in QUEUES]:
        for wish_id in sorted(letter.wish_ids & picture.stored.keys()):
            yield Difference("also-dead-lettered", wish_id, f"it is stored, and a letter in {letter.queue} is about it")


def generations(picture: Picture) -> Iterator[Difference]:
    """Check the generation that is read, that others which are written agree too, and that no other has text."""
    if picture.current not in picture.live:
        yield Difference("generation", None, f"generation {picture.current} is read, but nothing writes it")
    for number, model in sorted(picture.models.items()):
        wrong = model_differences(picture, model)
        if number == picture.current:
            yield from wrong
        elif number in picture.live and wrong:
            kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(each.kind for each in wrong).items()))
            yield Difference("generation", None, f"generation {number} is written, not read, and differs: {kinds}")
        elif number not in picture.live:
            for wish_id in model.texts:
                yield Difference("old-text", wish_id, f"generation {number} is not used, and holds its text")
