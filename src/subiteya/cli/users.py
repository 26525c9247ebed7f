"""`subiteya users …`: who else comes in, and with which role."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from subiteya.cli.access import stack_settings
from subiteya.cli.running import language, run
from subiteya.db.models import User
from subiteya.domain.roles import Role
from subiteya.services import users
from subiteya.services.access import create_login_link, ensure_owner
from subiteya.services.resources import open_resources

AnyUser = Annotated[str, typer.Argument(help="E-mail or id.")]


def list_users() -> None:
    """Show the users and their roles."""
    table = Table(box=None, header_style="dim")
    spanish = language() == "es"
    for head in ("Nombre", "Correo", "Rol", "Id") if spanish else ("Name", "E-mail", "Role", "Id"):
        table.add_column(head, overflow="fold")
    for user in run(_list()):
        table.add_row(user.name, user.email or "-", user.role, str(user.id))
    Console().print(table)


def add(
    name: Annotated[str, typer.Argument(help="What people call them.")],
    email: Annotated[str | None, typer.Option(help="Their address, to name them by.")] = None,
    role: Annotated[
        Role, typer.Option(help="`viewer` looks at the queues, `admin` acts on them.")
    ] = Role.VIEWER,
) -> None:
    """Make a user and print a link that signs their browser in, once."""
    typer.echo(run(_add(name, email, role)))


def role(user: AnyUser, role: Annotated[Role, typer.Argument(help="From their next request on.")]) -> None:
    """Give a user another role."""
    changed = run(_change(user, role))
    typer.echo(f"{changed.name}: {changed.role}")


async def _list() -> list[User]:
    async with open_resources(stack_settings()) as resources:
        return list(await users.list_users(resources))


async def _add(name: str, email: str | None, role: Role) -> str:
    async with open_resources(stack_settings()) as resources:
        await ensure_owner(resources)  # who comes later must not become the first
        user = await users.add_user(resources, name=name, email=email, role=role, locale=language())
        return await create_login_link(resources, user_id=user.id)


async def _change(user: str, role: Role) -> User:
    async with open_resources(stack_settings()) as resources:
        return await users.change_role(resources, user, role)
