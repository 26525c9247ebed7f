"""What every bench has in common: its two switches, a table for people, one JSON object for programs."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from subiteya.config import SECTIONS

MB = 10**6
"""Bytes; decimal, as file sizes are named."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a bench was asked to run."""

    quick: bool
    """Under a minute."""
    json: bool
    """One JSON object as the last line."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What switches of this bench's own were given, by their names without dashes."""

    def path(self, name: str) -> Path | None:
        """The file that a switch names; None when it was not given."""
        return Path(self.words[name]) if name in self.words else None


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch of one bench alone, which takes a word."""

    name: str
    """With its dashes."""
    takes: str
    what: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A promise of the design (section 10) and what was measured."""

    what: str
    measured: float
    limit: float
    unit: str

    @property
    def kept(self) -> bool:
        """Whether the measured value stays within the promise."""
        return self.measured <= self.limit


def read_options(
    description: str, words: Sequence[str] | None = None, switches: Sequence[Switch] = ()
) -> Options:
    """Read the command line, `sys.argv` when no words are given."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="the short form, under a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    for switch in switches:
        parser.add_argument(switch.name, metavar=switch.takes, help=switch.what)
    read = vars(parser.parse_args(words))
    quick, as_json = read.pop("quick"), read.pop("json")
    return Options(quick, as_json, {name: word for name, word in read.items() if word is not None})


def run_bench(
    description: str,
    measure: Callable[[Options, Console], Coroutine[Any, Any, Mapping[str, Any]]],
    switches: Sequence[Switch] = (),
) -> None:
    """Run a bench to its end. What it measures are the defaults, not what this shell happens to name.

    A result that has `green` and says no there ends in exit status 1.
    """
    options = read_options(description, switches=switches)
    for section in SECTIONS:
        for setting in section.model_fields.values():
            os.environ.pop(str(setting.validation_alias), None)
    console = Console(width=None if sys.stdout.isatty() else 120)
    result = asyncio.run(measure(options, console))
    if options.json:
        print(last_line(result))
    if result.get("green") is False:
        sys.exit(1)


def last_line(result: Mapping[str, Any]) -> str:
    """A result as JSON on one line.

    Raises:
        ValueError: It holds a number that JSON does not know (NaN, infinity).
    """
    return json.dumps(result, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def show_table(console: Console, title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table: words to the left in the first column, figures to the right in the others."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left")
    for row in rows:
        table.add_row(*map(readable, row))
    console.print(table)


def show_bars(console: Console, bars: Iterable[Bar]) -> None:
    """Print each promise with what came out."""
    for bar in bars:
        mark, style = ("✓", "green") if bar.kept else ("✗", "bold red")
        measured, limit = readable(bar.measured), readable(bar.limit)
        console.print(f"{mark} {bar.what}: {measured} {bar.unit} (at most {limit})", style=style)


def readable(value: object) -> str:
    """A figure with as many digits as mean something."""
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)]
