"""What the product imports is installed with it: the suite's own environment has more than people get."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[3]
OPTIONAL = {"faster-whisper"}
"""Of the extra `whisper`; whoever asks for it without is told."""


class Imports(ast.NodeVisitor):
    """Top-level packages that a module imports when it is loaded or run."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.found |= {name.name.partition(".")[0] for name in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level == 0 and node.module is not None:
            self.found.add(node.module.partition(".")[0])


def test_every_library_that_is_imported_is_installed_with_the_product() -> None:
    lock = (ROOT / "requirements" / "runtime.txt").read_text()
    there = {name.lower() for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)} | OPTIONAL
    owners, missing = packages_distributions(), []
    for path in (ROOT / "src").rglob("*.py"):
        imports = Imports()
        imports.visit(ast.parse(path.read_text()))
        for package in imports.found - sys.stdlib_module_names - {"subiteya"}:
            names = {name.lower().replace("_", "-") for name in owners.get(package, [package])}
            if not names & there:
                missing.append(f"{path.relative_to(ROOT)}: {package}")
    assert missing == []
