"""What `up` shows: a readiness line for each part, and what the parts write, prefixed and coloured."""

from __future__ import annotations

import contextlib

from rich.console import Console
from rich.text import Text

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta", "bright_blue")
_WIDTH = 10


class Screen:
    """The terminal of a supervisor. May be called from any thread.

    Args:
        console: Where to write.
        show_lines: Whether to show what the parts write; their log files have it in any case.
    """

    def __init__(self, console: Console, *, show_lines: bool = True) -> None:
        self._console = console
        self._show_lines = show_lines
        self._colours: dict[str, str] = {}

    def line(self, name: str, text: str) -> None:
        """One line that a child has written; its own colours are kept."""
        if self._show_lines:
            self._print(self._prefix(name), Text.from_ansi(text))

    def ready(self, name: str, seconds: float, remark: str | None = None) -> None:
        """A part is ready, or a step done."""
        words = f"ready in {seconds:.1f} s" + (f" · {remark}" if remark else "")
        self._print(self._prefix(name), Text(f"✓ {words}", "green"))

    def slow(self, name: str) -> None:
        """A part takes its time to become ready."""
        self._print(self._prefix(name), Text("not ready yet, still waiting …", "yellow"))

    def say(self, text: str) -> None:
        """A sentence of the supervisor's own."""
        self._print(Text(text, "bold"))

    def trouble(self, text: str) -> None:
        """Something went wrong."""
        self._print(Text(text, "bold red"))

    def _prefix(self, name: str) -> Text:
        colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
        return Text(f"{name:<{_WIDTH}} │ ", colour)

    def _print(self, *pieces: Text) -> None:
        # A terminal that has gone away (Rich then raises SystemExit) must not stop what runs: a child whose
        # output nobody reads would block. The log files have every line.
        with contextlib.suppress(OSError, SystemExit):
            self._console.print(Text.assemble(*pieces), soft_wrap=True, highlight=False)
