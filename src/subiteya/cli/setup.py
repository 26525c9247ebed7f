"""Preparing what a deployment needs once: tables and bucket."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from subiteya.cli.access import stack_settings
from subiteya.cli.running import run
from subiteya.db.migrate import upgrade
from subiteya.domain.errors import ConfigurationError
from subiteya.storage import open_storage


def migrate() -> None:
    """Bring the database's tables up to date. Safe to run at each deploy, and from several hosts at once."""
    run(_migrate())
    typer.echo("The tables are up to date.")


def setup_s3(
    origin: Annotated[
        list[str] | None,
        typer.Option(help="Address of the pages that upload (scheme, host, port); repeat for several."),
    ] = None,
) -> None:
    """Set the bucket up: private, CORS for uploads from browsers, lifecycle rules. Says what was done."""
    for line in run(_setup_s3(origin or [])):
        Console().print(line, highlight=False)


async def _migrate() -> None:
    settings = stack_settings()
    if settings.database.url is None:
        raise ConfigurationError(what="DATABASE_URL", why="it is not set; `subiteya up` brings its own")
    await upgrade(settings.database.url.get_secret_value())


async def _setup_s3(origins: list[str]) -> list[str]:
    settings = stack_settings()
    async with open_storage(settings.storage) as storage:
        report = await storage.set_up(origins or [settings.http.url])
    return [f"{step.name}: {step.outcome}" for step in report]
