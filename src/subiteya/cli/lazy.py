"""Commands that are imported only when they run: a worker needs no web framework, `--help` needs neither."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command


def add_lazy_command(app: typer.Typer, name: str, place: str, summary: str) -> None:
    """Add a command whose module is imported when the command is used.

    Args:
        app: The group.
        name: The word on the command line.
        place: `module:function`; the function as Typer takes it.
        summary: What the group's help says; the first line of the function's docstring.
    """
    app.command(name, cls=_stand_in(place), help=summary)(_nothing)


def load_command(place: str) -> Any:
    """The function at `module:function`."""
    module, _, function = place.partition(":")
    return getattr(import_module(module), function)


def _stand_in(place: str) -> type[TyperCommand]:
    class StandIn(TyperCommand):
        """Known by name and summary; becomes the real command where its arguments are read."""

        def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> Any:
            alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            alone.command(self.name)(load_command(place))
            return get_command(alone).make_context(info_name, args, *rest, **extra)

    return StandIn


def _nothing() -> None:
    """A command's function that never runs, because its context is the real command's."""
