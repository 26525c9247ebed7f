"""A role that one process holds at a time, by a lease row: the sweep's leader."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.db.models import Lease


async def hold(session: AsyncSession, name: str, holder: str, lease: timedelta) -> bool:
    """Take or keep a role; False while another living process holds it."""
    until = func.clock_timestamp() + lease
    statement = (
        insert(Lease)
        .values(name=name, holder=holder, until=until)
        .on_conflict_do_update(
            index_elements=[Lease.name],
            set_={"holder": holder, "until": until},
            where=or_(Lease.holder == holder, Lease.until < func.clock_timestamp()),
        )
        .returning(Lease.holder)
    )
    return await session.scalar(statement) == holder


async def let_go(session: AsyncSession, holder: str) -> None:
    """Give up every role of a process that stops, so that the next one need not wait."""
    await session.execute(delete(Lease).where(Lease.holder == holder))
