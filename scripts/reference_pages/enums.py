"""What the members of an enum mean: the string below each, which Python itself forgets."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from enum import Enum

from reference_pages.markdown import code, table


def meaning_of(word: Enum) -> str:
    """The sentence below a member.

    Raises:
        LookupError: the member has none.
    """
    source = ast.parse(textwrap.dedent(inspect.getsource(type(word))))
    for member, below in itertools.pairwise(node for part in source.body for node in _body(part)):
        match member, below:
            case (
                ast.Assign(targets=[ast.Name(id=word.name)]),
                ast.Expr(value=ast.Constant(value=str(sentence))),
            ):
                return " ".join(sentence.split())
    raise LookupError(f"{word!r} has no sentence below it")


def _body(part: ast.stmt) -> list[ast.stmt]:
    return part.body if isinstance(part, ast.ClassDef) else []


def meanings(words: type[Enum]) -> str:
    """A table of all members."""
    return table(("Status", "Meaning"), [(code(word.value), meaning_of(word)) for word in words])
