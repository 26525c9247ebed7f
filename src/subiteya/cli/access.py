"""Ways in: one-time links for browsers, keys for programs."""

from __future__ import annotations

from typing import Annotated

import typer

from subiteya.cli.running import read_settings, run
from subiteya.config import Settings
from subiteya.embedded.home import Home
from subiteya.embedded.state import find_running
from subiteya.services.access import create_api_key, create_login_link, ensure_owner
from subiteya.services.resources import open_resources
from subiteya.services.users import find_user

Whose = Annotated[str | None, typer.Option("--user", help="E-mail or id of a user; the owner when missing.")]


def login_link(user: Whose = None) -> None:
    """Print a link that signs a browser in, once, within fifteen minutes."""
    typer.echo(run(_link(user)))


def api_key(
    name: Annotated[str, typer.Argument(help="What the key is for, to tell it from others.")] = "key",
    user: Whose = None,
) -> None:
    """Print a new API key. It is shown this once and stored as a hash only."""
    typer.echo(run(_key(name, user)))


def stack_settings() -> Settings:
    """The settings of the stack that runs on the data folder here, else those of the environment."""
    settings = read_settings()
    running = find_running(Home(settings.home.home))
    return running.settings if running is not None else settings


async def _link(user: str | None) -> str:
    async with open_resources(stack_settings()) as resources:
        owner = await ensure_owner(resources)
        whose = owner.user if user is None else await find_user(resources, user)
        return await create_login_link(resources, user_id=whose.id)


async def _key(name: str, user: str | None) -> str:
    async with open_resources(stack_settings()) as resources:
        owner = await ensure_owner(resources)
        if user is None and owner.api_key:
            return owner.api_key
        whose = owner.user if user is None else await find_user(resources, user)
        return await create_api_key(resources, user_id=whose.id, name=name)
