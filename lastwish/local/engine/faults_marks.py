"""Mark what a fault did, so that nobody takes it for a failure of the system: in the log, in the trace, in a metric."""

from typing import Any

from lastwish.local.engine.calls import Call
from lastwish.local.engine.fault import Fault
from lastwish.local.engine.patch import ministack_module, require


class Marks:
    """Marks injections. Raises EngineChanged."""

    def __init__(self) -> None:
        self._functions = ministack_module("services.lambda_svc")
        require(self._functions, "_functions")

    def service(self, caller: str) -> str:
        """Return the service of ours that a function is, else the caller itself."""
        record: Any = self._functions._functions.get(caller) or {}
        variables = record.get("config", {}).get("Environment", {}).get("Variables", {})
        return str(variables.get("POWERTOOLS_SERVICE_NAME", caller))

    def call(self, fault: Fault, call: Call) -> None:
        """Mark that a call is hit."""
