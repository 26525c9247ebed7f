"""Users beside the owner, and what each may do with the queues."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from subiteya.db.models import User
from subiteya.domain.errors import BadInput, NotFound, WrongState
from subiteya.domain.roles import Role
from subiteya.services.resources import Resources


async def add_user(
    resources: Resources, *, name: str, email: str | None, role: Role, locale: str = "es"
) -> User:
    """A new user.

    Raises:
        BadInput: somebody has this e-mail address already.
    """
    user = User(name=name, email=email, role=role.value, locale=locale)
    try:
        async with resources.db.begin() as session:
            session.add(user)
            await session.flush()
            await session.refresh(user)
    except IntegrityError:
        raise BadInput(what="email", why="somebody has it already") from None
    return user


async def list_users(resources: Resources) -> Sequence[User]:
    """All users, the first one first."""
    async with resources.db.begin() as session:
        return list(await session.scalars(select(User).order_by(User.created_at, User.id)))


async def find_user(resources: Resources, word: str) -> User:
    """A user by e-mail address or id.

    Raises:
        NotFound: nobody has it.
    """
    wanted = User.email == word
    with contextlib.suppress(ValueError):  # no id, so an address
        wanted = or_(wanted, User.id == uuid.UUID(word))
    async with resources.db.begin() as session:
        user = await session.scalar(select(User).where(wanted))
    if user is None:
        raise NotFound(what="user")
    return user


async def change_role(resources: Resources, word: str, role: Role) -> User:
    """Give a user another role; from their next request on.

    Raises:
        NotFound: nobody has this e-mail address or id.
        WrongState: it is the last owner, and somebody must run the service.
    """
    found = await find_user(resources, word)
    async with resources.db.begin() as session:
        owners = select(User).where(User.role == Role.OWNER.value).order_by(User.id).with_for_update()
        ids = [owner.id for owner in await session.scalars(owners)]
        if ids == [found.id] and role is not Role.OWNER:
            raise WrongState(what="user", state="the only owner")
        user = await session.get_one(User, found.id)
        user.role = role.value
    return user
