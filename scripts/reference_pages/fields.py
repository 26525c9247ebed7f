"""How the fields of a Pydantic model read in a table."""

from __future__ import annotations

import types
import typing
from enum import Enum
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from reference_pages.markdown import code

_WORDS: Final[dict[Any, str]] = {
    bool: "`true`, `false`",
    int: "whole number",
    float: "number",
    Path: "path",
    SecretStr: "secret",
    str: "text",
}
_BOUNDS: Final = ((Ge, "ge", "≥"), (Gt, "gt", ">"), (Le, "le", "≤"), (Lt, "lt", "<"))


def allowed(field: FieldInfo) -> str:
    """Which values a field takes."""
    kind = next(kind for kind in _union(field.annotation) if kind is not type(None))
    if get_origin(kind) is typing.Literal:
        return ", ".join(code(word) for word in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(code(word.value) for word in kind)
    if get_origin(kind) is tuple:
        return "list, comma-separated"
    limits = {type(limit): limit for limit in field.metadata}
    if Ge in limits and Le in limits:
        return f"{limits[Ge].ge} to {limits[Le].le}"
    told = (f", {sign} {getattr(limits[of], word)}" for of, word, sign in _BOUNDS if of in limits)
    return _WORDS.get(kind, "text") + "".join(told)


def default(field: FieldInfo) -> str:
    """What a field is when nothing is given, as JSON has it."""
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "must be given"
    if isinstance(value, bool) or value is None:
        return code("null" if value is None else str(value).lower())
    return code("[]" if value == () else value)


def _union(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
