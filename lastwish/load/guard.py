"""Limits of a load. Its target is the stack that runs here, or one on AWS whose name was typed twice."""

import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from lastwish.errors import LoadRefused, need
from lastwish.load.plan import PlanOptions

MOST_WISHES, MOST_RATE = 20_000, 500  # unless raised; the rate is the mean, in wishes per second
MOST_IN_FLIGHT = 512
ENDS = ("boarded", "waitlisted", "rejected")


@dataclass(frozen=True)
class Target:
    """Base URL with a trailing slash, and the stack's name; None: it runs here."""

    url: str
    stack: str | None

    @property
    def name(self) -> str:
        """Name for a person."""
        return f"stack {self.stack}" if self.stack else f"the local stack at {self.url}"


def check_packages() -> None:
    """Raise NotInstalled where a package is not installed that only a load needs."""
    need("a load", "locust", "numpy", "matplotlib")


def check_limits(options: PlanOptions, in_flight: int, raised: bool) -> None:
    """Raise LoadRefused where the load is above a limit that was not raised."""
    if not 1 <= in_flight <= MOST_IN_FLIGHT:
        raise LoadRefused(f"--in-flight is between 1 and {MOST_IN_FLIGHT}")
    rate = options.wishes / options.over
    if raised or (options.wishes <= MOST_WISHES and rate <= MOST_RATE):
        return
    raise LoadRefused(
        f"{options.wishes:,} wishes at {rate:,.0f}/s on average is above the ceiling of {MOST_WISHES:,} wishes and "
        f"{MOST_RATE}/s: add --raise-ceiling if you mean it",
        wishes=options.wishes,
        rate=rate,
    )


def check_confirmation(stack: str | None, typed: str | None, prompt: Callable[[str], str] | None) -> None:
    """Raise LoadRefused unless the name of the stack on AWS was typed a second time: as an option, or at the prompt."""
    if not stack:
        raise LoadRefused("--yes-load confirms a stack: name it with --stack")
    if "/" in stack:
        raise LoadRefused(f"{stack} is not a stack: --stack takes the name of one, and no URL is loaded")
    if typed is None and prompt:
        typed = prompt(f"This loads stack {stack} on AWS, and costs money. Type its name to go on")
    if typed != stack:
        raise LoadRefused(f"stack {stack} was not confirmed: --yes-load with its name does that", stack=stack)


def find_target(stack: str | None) -> Target:
    """Return where to send; `check_confirmation` comes first. Raises LoadRefused, NotRunning, AwsError."""
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


def ships(http: httpx.Client) -> dict[str, dict[str, int]]:
    """Return the manifest's counts of each ship, by its destination. Raises LoadRefused for another API."""
    try:
        found: Any = http.get("manifest").raise_for_status().json()["destinations"].items()
        return {name: {end: int(ship[end]) for end in ENDS} for name, ship in found}
    except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{error}" if isinstance(error, httpx.HTTPError) else "its manifest has another form"
        raise LoadRefused(f"{http.base_url} does not answer as Last Wish does: {reason}") from error


def ended_counts(http: httpx.Client) -> dict[str, int]:
    """Return how many wishes were boarded, waitlisted and rejected so far. Raises LoadRefused for another API."""
    counts = ships(http).values()
    return {end: sum(ship[end] for ship in counts) for end in ENDS}
