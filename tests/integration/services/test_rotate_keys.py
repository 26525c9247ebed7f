"""Sealing everything again under a new key."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest
from sqlalchemy import select

from fixtures.rows import Rows
from subiteya.db.models import Account, Post
from subiteya.domain.errors import UnknownKey
from subiteya.domain.sealing import Sealer
from subiteya.services.resources import Resources
from subiteya.services.rotate_keys import Rotation, rotate_keys


async def test_after_a_rotation_the_old_key_may_go(resources: Resources, rows: Rows) -> None:
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    before, between, after = Sealer([old]), Sealer([new, old]), Sealer([new])
    user = await rows.user()
    account = await rows.account(user)
    post = await rows.post(await rows.video(user), account)
    await rows.account(user, status="disconnected", access_token="", refresh_token="")
    async with resources.db.begin() as session:
        row = (await session.scalars(select(Account).where(Account.id == account.id))).one()
        row.access_token = before.seal("act.1", f"account:{account.id}:access")
        row.refresh_token = before.seal("rft.1", f"account:{account.id}:refresh")
        sent = (await session.scalars(select(Post).where(Post.id == post.id))).one()
        sent.upload_url = before.seal("https://upload", f"post:{post.id}:upload_url")

    assert await rotate_keys(replace(resources, sealer=between)) == Rotation(sealed=2, unreadable=0)
    assert await rotate_keys(replace(resources, sealer=between)) == Rotation(sealed=0, unreadable=0)

    async with resources.db.begin() as session:
        row = (await session.scalars(select(Account).where(Account.id == account.id))).one()
        sent = (await session.scalars(select(Post).where(Post.id == post.id))).one()
    assert after.open(row.access_token, f"account:{account.id}:access") == "act.1"
    assert after.open(row.refresh_token, f"account:{account.id}:refresh") == "rft.1"
    assert after.open(sent.upload_url or "", f"post:{post.id}:upload_url") == "https://upload"
    with pytest.raises(UnknownKey):
        before.open(row.access_token, f"account:{account.id}:access")


async def test_what_no_key_opens_is_counted_and_left_as_it_is(resources: Resources, rows: Rows) -> None:
    account = await rows.account(await rows.user())
    assert await rotate_keys(resources) == Rotation(sealed=0, unreadable=1)
    async with resources.db.begin() as session:
        assert (await session.scalars(select(Account.access_token))).one() == account.access_token
