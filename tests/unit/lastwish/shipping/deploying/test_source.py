"""What is deployed is a commit, or says that it is none."""

from pathlib import Path

import pytest

from lastwish.shipping.deploying.errors import DeployError
from lastwish.shipping.deploying.source import Source, git, untag


@pytest.fixture
def root(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.txt").write_text("one\n")
    git(tmp_path, "add", "a.txt")
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com")
    git(tmp_path, *who, "commit", "--quiet", "--message", "one")
    return tmp_path


def test_a_clean_repository_is_its_commit(root: Path) -> None:
    source = Source.of(root)
    assert not source.changes
    assert str(source) == git(root, "rev-parse", "HEAD")[:10]


def test_what_is_not_committed_is_told_apart_by_its_content(root: Path) -> None:
    (root / "a.txt").write_text("two\n")
    changed = Source.of(root)
    assert str(changed).endswith("with uncommitted changes")
    assert Source.of(root) == changed
    (root / "new.txt").write_text("three\n")
    assert Source.of(root).changes != changed.changes


def test_a_tag_says_which_commit_ran_and_can_be_set_twice(root: Path) -> None:
    source = Source.of(root)
    for _ in range(2):
        assert "in this repository only" in source.tag("deploy/dev/1", push=False)
    assert git(root, "rev-parse", "deploy/dev/1").strip() == source.commit
    assert untag(root, "deploy/dev/*") == 1
    assert untag(root, "deploy/dev/*") == 0


def test_what_is_not_committed_gets_no_tag(root: Path) -> None:
    (root / "a.txt").write_text("two\n")
    assert "not tagged" in Source.of(root).tag("deploy/dev/1", push=False)
    assert git(root, "tag", "--list") == ""


def test_a_tag_is_pushed_to_origin_if_that_is_asked_for(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    origin = tmp_path_factory.mktemp("origin")
    git(origin, "init", "--quiet", "--bare")
    git(root, "remote", "add", "origin", str(origin))
    assert Source.of(root).tag("deploy/dev/1", push=True) == "deploy/dev/1, here and on origin"
    assert git(origin, "tag", "--list").strip() == "deploy/dev/1"


def test_without_a_repository_the_error_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="a deploy is of a commit in a git repository"):
        Source.of(tmp_path)


def test_without_git_the_error_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root))
    with pytest.raises(DeployError, match="no git on the PATH"):
        Source.of(root)


def test_what_is_no_text_or_no_file_is_told_apart_too(root: Path) -> None:
    (root / "a.txt").write_bytes(b"caf\xe9\n")
    latin = Source.of(root).changes
    (root / "a.txt").write_bytes(b"caf\xe8\n")
    assert Source.of(root).changes not in ("", latin)
    (root / "gone").symlink_to("/nowhere/at/all")
    (root / "folder").symlink_to(root)
    git(root, "init", "--quiet", "inner")
    (root / "inner" / "b.txt").write_text("b")
    git(root / "inner", "add", "b.txt")
    assert Source.of(root).changes
