"""Replace single functions of MiniStack and its server from outside, or stop the engine before it starts.

MiniStack's version is pinned. Read what a newer one does before you correct it again: a function that is gone, or that
takes other arguments, is an error at start.
"""

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any


class EngineChanged(RuntimeError):  # noqa: N818 - named for what happened
    """This is not the MiniStack that the corrections were written for."""


def ministack_module(name: str) -> Any:
    """Return a module of MiniStack, e.g. `services.sqs`. Raises EngineChanged."""
    try:
        return import_module(f"ministack.{name}")
    except ImportError as error:
        raise EngineChanged(f"MiniStack has no ministack.{name} any more: {error}") from error


def require(module: Any, *names: str) -> None:
    """Check that a module has the names that a correction uses. Raises EngineChanged."""
    if missing := [name for name in names if not hasattr(module, name)]:
        raise EngineChanged(f"{module.__name__} has no {', '.join(missing)} any more: read it again, then correct it")


def replace(module: Any, name: str, ours: Callable[..., Any]) -> None:
    """Replace a function of a module by one with the same arguments. Raises EngineChanged."""
    require(module, name)
    theirs = getattr(module, name)
    if list(inspect.signature(theirs).parameters) != list(inspect.signature(ours).parameters):
        raise EngineChanged(f"{module.__name__}.{name} takes other arguments: read it again, then correct it")
    setattr(module, name, ours)
