"""Read the environment of the deployed functions, so that no list of their variables is kept here."""

import json

from lastwish.local.state import Home
from tests.support.laptop import Stack


def variables(stack: Stack, package: str) -> dict[str, str]:
    """Return the environment variables of a function by the name of its package in src/, and the engine's endpoint."""
    functions: dict[str, dict[str, str]] = json.loads(Home(stack.home).env_file.read_text())
    # The file is for `sam local invoke`, whose containers reach the engine under another name.
    return functions[f"{package.capitalize()}Function"] | {"AWS_ENDPOINT_URL": stack.engine}
