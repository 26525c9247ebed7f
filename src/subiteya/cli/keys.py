"""Encryption keys."""

from __future__ import annotations

import typer

from subiteya.cli.access import stack_settings
from subiteya.cli.running import run
from subiteya.services.resources import open_resources
from subiteya.services.rotate_keys import Rotation, rotate_keys


def rotate() -> None:
    """Seal every stored secret again under the first key of ENCRYPTION_KEY. Afterwards the others may go."""
    done = run(_rotate())
    typer.echo(f"sealed again: {done.sealed}")
    if done.unreadable:
        typer.echo(f"no key opens: {done.unreadable}; connect these accounts again", err=True)
        raise typer.Exit(1)


async def _rotate() -> Rotation:
    async with open_resources(stack_settings()) as resources:
        return await rotate_keys(resources)
