"""MiniStack's own module for functions, as it was before each test."""

from collections.abc import Iterator
from typing import Any

import pytest

from lastwish.local.engine.patch import ministack_module


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    module = ministack_module("services.lambda_svc")
    for name in (
        "_xray_trace_id_for_invocation",
        "_execute_function_dispatch",
        "_execute_function_warm",
        "_acquire_execution_slot",
        "_emit_lambda_metrics",
    ):
        monkeypatch.setattr(module, name, getattr(module, name))
    yield module
    ministack_module("services.cloudwatch").reset()
