"""Each trap of BullMQ's port has a test, and the page that lists them names those that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROWS = [
    line
    for line in (ROOT / "docs" / "why" / "bullmq-traps.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| Trap ", "| --- "))
]
NAMED = re.compile(r"`(tests/[^`]+\.py)` \(([^)]+)\)")


def test_the_page_lists_traps() -> None:
    assert len(ROWS) > 25


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:42])
def test_each_trap_has_tests_that_exist(row: str) -> None:
    _, _, tests = row.split(" | ")
    named = NAMED.findall(tests)
    assert named
    assert NAMED.sub("", tests).strip(" ,|") == ""
    for path, sentence in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        functions = {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert f"test_{sentence.replace(' ', '_')}" in functions, path
