"""What every generated page is made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

MARK: Final = "<!-- Written by scripts/reference.py from the code: run `make docs`, do not edit. -->"


def page(title: str, *blocks: str) -> str:
    """A page: its title, the mark, then its blocks."""
    return "\n\n".join([f"# {title}", MARK, *(block.strip("\n") for block in blocks)]) + "\n"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table whose cells hold one line each."""
    heads = list(heads)
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def code(value: object) -> str:
    """The value as code; a dash where there is none."""
    return f"`{value}`" if str(value) else "-"


def first_paragraph(text: str | None) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((text or "").strip().split("\n\n")[0].split())


def paragraphs(text: str | None) -> str:
    """A docstring's paragraphs on one line; sections like `Args:` are for programmers and left out."""
    found = [" ".join(part.split()) for part in (text or "").strip().split("\n\n")]
    return " ".join(part for part in found if not part.startswith(("Args:", "Returns:", "Raises:")))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
