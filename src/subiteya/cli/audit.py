"""`subiteya audit`: what people did to the queues."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from subiteya.cli.access import stack_settings
from subiteya.cli.running import language, run
from subiteya.db.models import Audit
from subiteya.services.audit import read_audit
from subiteya.services.resources import open_resources


def audit(
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many of the newest.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts.")] = False,
) -> None:
    """Show what people did to the queues: who, what, when, and how it ended."""
    entries = run(_read(limit))
    if as_json:
        values = [_values(one) for one in entries]
        typer.echo(json.dumps({"entries": values}, indent=2, ensure_ascii=False))
        return
    spanish = language() == "es"
    table = Table(box=None, header_style="dim")
    heads = ("Cuándo", "Quién", "Qué", "A qué", "Final") if spanish else ("When", "Who", "What", "On", "End")
    for head in heads:
        table.add_column(head, overflow="fold")
    for one in entries:
        at = f"{one.at.astimezone():%d.%m. %H:%M:%S}"
        table.add_row(at, one.name, one.action, one.target, one.outcome or "-")
    Console().print(table)


async def _read(limit: int) -> Sequence[Audit]:
    async with open_resources(stack_settings()) as resources:
        return await read_audit(resources, limit=limit)


def _values(one: Audit) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": one.at.isoformat(),
        "actor": one.actor,
        "name": one.name,
        "action": one.action,
        "target": one.target,
        "outcome": one.outcome,
        "ended_at": one.ended_at.isoformat() if one.ended_at else None,
        "detail": one.detail,
    }
