"""How MiniStack is corrected from outside: one function of a module gives way to one of ours, or the engine stays down.

Its version is pinned. What a newer one does differently must be read again before it is corrected again, so a function
that is gone, or takes other arguments, is an error at start and not a surprise in front of an audience.
"""

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any


class EngineChanged(RuntimeError):  # noqa: N818 - named for what happened
    """MiniStack is not the one that these corrections were written for."""


def part(name: str) -> Any:
    """A module of MiniStack, e.g. `services.sqs`. Raises EngineChanged."""
    try:
        return import_module(f"ministack.{name}")
    except ImportError as error:
        raise EngineChanged(f"MiniStack has no ministack.{name} any more: {error}") from error


def needs(module: Any, *names: str) -> None:
    """Names of a module that a correction builds on. Raises EngineChanged."""
    if missing := [name for name in names if not hasattr(module, name)]:
        raise EngineChanged(f"{module.__name__} has no {', '.join(missing)} any more: read it again, then correct it")


def replace(module: Any, name: str, ours: Callable[..., Any]) -> None:
    """Put a function of ours in the place of one with the same arguments. Raises EngineChanged."""
    needs(module, name)
    theirs = getattr(module, name)
    if list(inspect.signature(theirs).parameters) != list(inspect.signature(ours).parameters):
        raise EngineChanged(f"{module.__name__}.{name} takes other arguments: read it again, then correct it")
    setattr(module, name, ours)
