"""What may be loaded, and how hard: the stack that runs here, or one on AWS that was named twice; else nothing."""

import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from lastwish.errors import LoadRefused
from lastwish.load.plan import Options

MOST_WISHES, MOST_RATE = 20_000, 500  # unless raised; the rate is the mean, in wishes per second
MOST_IN_FLIGHT = 512


@dataclass(frozen=True)
class Target:
    """Base URL with a trailing slash, and the stack's name; None: it runs here."""

    url: str
    stack: str | None

    @property
    def name(self) -> str:
        """For a person."""
        return f"stack {self.stack}" if self.stack else f"the local stack at {self.url}"


def bounded(options: Options, in_flight: int, raised: bool) -> None:
    """Raises LoadRefused where it is more than may be without being asked for."""
    if not 1 <= in_flight <= MOST_IN_FLIGHT:
        raise LoadRefused(f"--in-flight is between 1 and {MOST_IN_FLIGHT}")
    rate = options.wishes / options.over
    if raised or (options.wishes <= MOST_WISHES and rate <= MOST_RATE):
        return
    raise LoadRefused(
        f"{options.wishes:,} wishes at {rate:,.0f}/s on average is above the ceiling of {MOST_WISHES:,} wishes and "
        f"{MOST_RATE}/s: --raise-ceiling if you mean it",
        wishes=options.wishes,
        rate=rate,
    )


def confirmed(stack: str | None, typed: str | None, ask: Callable[[str], str] | None) -> None:
    """Whoever loads a stack on AWS types its name a second time: as an option, or when asked. Raises LoadRefused."""
    if not stack:
        raise LoadRefused("--yes-load confirms a stack: name it with --stack")
    if "/" in stack:
        raise LoadRefused(f"{stack} is no stack: --stack takes the name of one, and no URL is loaded")
    if typed is None and ask:
        typed = ask(f"This loads stack {stack} on AWS, and costs money. Type its name to go on")
    if typed != stack:
        raise LoadRefused(f"stack {stack} was not confirmed: --yes-load with its name does that", stack=stack)


def target(stack: str | None) -> Target:
    """Where to send, once it was `confirmed`. Raises LoadRefused, NotRunning, AwsError."""
    from lastwish.site import site

    url = site(stack).url
    if stack:
        if urllib.request.getproxies().get("https") and not urllib.request.proxy_bypass(httpx.URL(url).host):
            raise LoadRefused("the load does not go through a proxy: unset HTTPS_PROXY, or name the API in NO_PROXY")
    else:
        from lastwish.local.environment import HOST

        if httpx.URL(url).host != HOST:
            raise LoadRefused(f"{url} is not on this machine")
    return Target(url, stack)


def manifest(http: httpx.Client) -> dict[str, int]:
    """How many wishes ended how so far: boarded, waitlisted, rejected. Raises LoadRefused where nobody can say that."""
    try:
        ships: Any = http.get("manifest").raise_for_status().json()["destinations"].values()
        return {end: sum(int(ship[end]) for ship in ships) for end in ("boarded", "waitlisted", "rejected")}
    except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"{error}" if isinstance(error, httpx.HTTPError) else "its manifest is none"
        raise LoadRefused(f"{http.base_url} does not answer as Last Wish does: {why}") from error
