"""What is deployed: a commit of a git repository, and what was changed since. Tags say which commit ran where."""

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lastwish.shipping.deploying.errors import DeployError


@dataclass(frozen=True)
class Source:
    """``commit`` is the one that is checked out; ``changes`` a digest of what is not committed, empty where all is."""

    root: Path
    commit: str
    changes: str

    @classmethod
    def of(cls, root: Path) -> "Source":
        """Read the repository. Raises DeployError."""
        changed = os.fsencode(git(root, "diff", "HEAD", "--binary"))
        for name in git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0"):
            # A folder is a repository of its own, or what a link leads to.
            changed += os.fsencode(name) + ((root / name).read_bytes() if (root / name).is_file() else b"")
        digest = hashlib.sha256(changed).hexdigest() if changed else ""
        return cls(root, git(root, "rev-parse", "HEAD").strip(), digest)

    def __str__(self) -> str:
        return self.commit[:10] + (" with uncommitted changes" if self.changes else "")

    def tag(self, name: str, push: bool) -> str:
        """Tag the commit, also on `origin` if asked. Return what was done. Raises DeployError."""
        if self.changes:
            return "not tagged: what was deployed is not committed"
        git(self.root, "tag", "--force", name, self.commit)
        if not push:
            return f"{name}, in this repository only: git push origin {name}"
        git(self.root, "push", "--quiet", "--force", "origin", f"refs/tags/{name}")
        return f"{name}, here and on origin"


def untag(root: Path, pattern: str) -> int:
    """Delete the tags of this pattern in this repository. Return how many."""
    names = git(root, "tag", "--list", pattern).split()
    if names:
        git(root, "tag", "--delete", *names)
    return len(names)


def git(root: Path, *words: str) -> str:
    """Return what git says. Raises DeployError."""
    line = ("git", "-C", str(root), "-c", "tag.gpgSign=false", *words)
    # A file may have bytes that are no text.
    try:
        done = subprocess.run(line, capture_output=True, encoding="utf-8", errors="surrogateescape", check=False)
    except FileNotFoundError:
        raise DeployError("there is no git on the PATH: a deploy is of a commit in a git repository") from None
    if done.returncode:
        said = (done.stderr.strip() or "it says nothing").splitlines()[-1]
        raise DeployError(f"git {words[0]} in {root}: {said}; a deploy is of a commit in a git repository")
    return done.stdout
