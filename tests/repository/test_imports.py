"""Import rules that import-linter has no words for. The others stand in pyproject.toml."""

from fnmatch import fnmatch

import grimp
import pytest

OURS = ("domain", "infra", "web", "frontend", "console", "mission", "parser", "worker", "projector")
TOOLS = ("lastwish", "observability", "bench")


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*OURS, *TOOLS, "tests", cache_dir=None)


def test_no_module_imports_a_test_file(graph: grimp.ImportGraph) -> None:
    files = [each for each in graph.modules if fnmatch(each.rpartition(".")[2], "test_*") or each.endswith(".conftest")]
    assert files
    assert {each: found for each in files if (found := graph.find_modules_that_directly_import(each))} == {}


def test_there_is_no_import_cycle(graph: grimp.ImportGraph) -> None:
    """Every module can be read before those that use it."""
    left = {each: graph.find_modules_directly_imported_by(each) & graph.modules for each in graph.modules}
    while leaves := {each for each, imported in left.items() if not imported & left.keys()}:
        left = {each: imported for each, imported in left.items() if each not in leaves}
    assert left == {}
