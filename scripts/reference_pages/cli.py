"""Every command with its arguments and options."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import typer
from reference_pages.markdown import code, page, table

from subiteya.cli.app import app

_INTRODUCTION: Final = """
A command ends with status 0 when it did what it is for, with 1 and one sentence on the error output when it
could not, and with 2 when it was called wrongly. `--help` after any command describes it.
"""


def cli_page() -> str:
    """The page."""
    options = [_option_row(option)[::2] for option in typer.main.get_command(app).params]
    blocks = [_INTRODUCTION, table(("Option of `subiteya`", "What it is for"), options)]
    for words, command in commands():
        blocks += [f"## `{words}`", *(" ".join(part.split()) for part in (command.help or "").split("\n\n"))]
        if command.params:
            heads = ("Option", "Default", "What it is for")
            blocks.append(table(heads, map(_option_row, command.params)))
    return page("Command line", *blocks)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its words (`subiteya worker edit`), groups before what they hold."""

    def walk(group: Any, words: str) -> Iterator[tuple[str, Any]]:
        for name, below in group.commands.items():
            if hasattr(below, "commands"):
                yield f"{words} {name}", below
                yield from walk(below, f"{words} {name}")
            else:
                # A command may be a stand-in until its context is made; the real one knows its options.
                yield f"{words} {name}", below.make_context(name, [], resilient_parsing=True).command

    yield from walk(typer.main.get_command(app), "subiteya")


def options_with_variables() -> list[tuple[str, Any]]:
    """Options that a variable of the environment can give, with the words that come before them."""
    found = [
        (f"{words} {option.opts[0]}", option)
        for words, command in commands()
        for option in command.params
        if option.envvar
    ]
    return sorted(found, key=lambda pair: str(pair[1].envvar))


def _option_row(option: Any) -> tuple[str, str, str]:
    name = str(option.name).upper()
    if option.param_type_name == "argument":
        words = name if option.required else f"[{name}]"
    else:
        words = option.opts[0] if option.is_flag else f"{option.opts[0]} {name}"
    default = "" if option.default in (None, False) else option.default
    told = option.help or ""
    return code(words), code(default), f"{told} Variable: `{option.envvar}`." if option.envvar else told
