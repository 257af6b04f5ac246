"""A MiniStack that changed is refused."""

from types import ModuleType

import pytest

from lastwish.local.engine.patch import EngineChanged, ministack_module, replace


def test_a_function_that_is_gone_is_refused() -> None:
    with pytest.raises(EngineChanged, match="no gone any more"):
        replace(ModuleType("theirs"), "gone", lambda: None)


def test_a_function_that_takes_other_arguments_is_refused() -> None:
    theirs = ModuleType("theirs")
    theirs.evaluate = lambda alarm, now: None  # type: ignore[attr-defined]

    with pytest.raises(EngineChanged, match="takes other arguments"):
        replace(theirs, "evaluate", lambda alarm: None)


def test_a_module_that_is_gone_is_refused() -> None:
    with pytest.raises(EngineChanged, match=r"no ministack\.services\.gone"):
        ministack_module("services.gone")
