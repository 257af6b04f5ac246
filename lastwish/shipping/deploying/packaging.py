"""Build the functions and package the template, by `sam`: what it names comes into the environment's bucket."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lastwish.local import environment as local
from lastwish.local.state import Home
from lastwish.shipping.deploying.environment import Environment
from lastwish.shipping.deploying.errors import DeployError

TEMPLATES, ARTIFACTS = "templates/", "artifacts"
_SAM = str(Path(sys.executable).with_name("sam"))


def package(environment: Environment, parameters: dict[str, str]) -> str:
    """Build and package. Return the key of the packaged template in the bucket. Raises DeployError.

    The local engine runs what is not built: it has the packages of this environment.
    """
    template, bucket = environment.template, environment.bucket
    if not environment.state:
        architecture = parameters.get("Architecture", "arm64")
        _run(environment, ["make", "build", f"ARCH={architecture}"], "see what it says, above all of pip")
        template = environment.root / ".aws-sam" / "build" / "template.yaml"
    with TemporaryDirectory(prefix="lastwish-") as folder:
        packaged = Path(folder) / "packaged.yaml"
        words = [_SAM, "package", "--template-file", str(template), "--output-template-file", str(packaged)]
        words += ["--s3-bucket", bucket.name, "--s3-prefix", ARTIFACTS, "--region", bucket.region]
        # Of the options in samconfig.toml none is meant: one of them names another bucket.
        config = Path(folder) / "samconfig.toml"
        config.write_text("version = 0.1\n")
        _run(environment, [*words, "--config-file", str(config)], "sam validate --lint says more of a template")
        text = packaged.read_text()
    key = f"{TEMPLATES}{hashlib.sha256(text.encode()).hexdigest()[:16]}.yaml"
    bucket.put_text(key, text)
    return key


def _run(environment: Environment, words: list[str], advice: str) -> None:
    env = dict(os.environ, SAM_CLI_TELEMETRY="0")
    if environment.state:
        env = local.clean(Home.from_environment(), environment.state.key) | {
            "AWS_ENDPOINT_URL": environment.state.engine
        }
    done = subprocess.run(words, env=env, cwd=environment.root, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()[-3:]
        raise DeployError(f"{' '.join(words[:2])} failed: {' '.join(said)}; {advice}")


def as_text(template: dict[str, Any]) -> str:
    """Return a template that was read as the text of one."""
    return json.dumps(template, default=str)
