"""Modules that take the place of another one of `src/` in the bundles, by one setting each (docs/decisions/0038).

tracing_otel.py  `make build TRACING=otel`: infra/tracing.py by OpenTelemetry, without the X-Ray SDK
escape_nh3.py    `make build SANITISER=nh3`: frontend/escape.py by nh3, without bleach

`src/Makefile` copies them over what they replace. Each has the pins of what it needs beside it.
"""
