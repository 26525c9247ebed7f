"""Plan the posts of a video: to one or several accounts, each in its own way and at its own time."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from subiteya.db import slots
from subiteya.db.moves import Why, settle_video
from subiteya.db.versions import clip_of
from subiteya.domain.consent import record
from subiteya.domain.posting_slots import SlotWish
from subiteya.domain.schedule import Moment
from subiteya.queue import held_posts
from subiteya.queue.names import Priority, edit_job_id, upload_job_id
from subiteya.queue.plan_jobs import upload_rates
from subiteya.services.ask_creator import check_creators
from subiteya.services.choose_version import choose_version, keep_choice
from subiteya.services.deliver_jobs import deliver_soon
from subiteya.services.find_warnings import find_warnings
from subiteya.services.get_post import PostPage, load_posts
from subiteya.services.plan_post import PostWish, add_post, check_scope, postable_video, usable_account
from subiteya.services.posting_slots import choose_time
from subiteya.services.resources import Resources


@dataclass(frozen=True, slots=True)
class PlannedPost:
    """One of the posts that are asked for.

    Attributes:
        account_id: Where it goes; may be None for who has just one account.
        wish: Caption, privacy, toggles.
        when: Aware, or by the clocks of the account's zone, or its next free slot; None for as soon as the
            windows allow.
        priority: Of the upload job.
    """

    account_id: uuid.UUID | None
    wish: PostWish
    when: datetime | SlotWish | None = None
    priority: Priority = Priority.NORMAL


async def create_posts(
    resources: Resources,
    *,
    user_id: uuid.UUID,
    video_id: uuid.UUID,
    planned: Sequence[PlannedPost],
    consent_version: str,
) -> list[PostPage]:
    """Plan all of these posts, or none of them.

    Args:
        resources: The process's connections.
        user_id: Who asks, and who agrees.
        video_id: Which of their videos.
        planned: One for each post.
        consent_version: Of the declaration that they agreed to.

    Returns:
        The posts in the order of `planned`, each with what a change of clocks made of its time.

    Raises:
        NotFound: no such video or account of theirs.
        WrongState: the video is not edited.
        BadPattern: an account's default pattern and what was asked for the video contradict each other.
        BadInput: something of a post cannot be used; its subclasses say what.
        UnauditedApp: not private, and TikTok has not audited the app.
        TooLongForCreator: the creator may not post videos of this length.
        PrivacyNotOffered: TikTok does not offer this audience to the creator.
        ScopeMissing: the account's owner has not allowed direct posts.
        DraftScopeMissing: they have not allowed drafts.
        NoPostingSlots: the next free slot is asked for, and the account has none.
        PostingSlotsTaken: each one holds a post.
    """
    actor = f"user:{user_id}"
    values = [with_consent(resources, one.wish, consent_version, actor) for one in planned]
    moments: dict[uuid.UUID, Moment | None] = {}
    async with resources.db.begin() as session:
        video = await postable_video(session, user_id, video_id)
        accounts = [await usable_account(session, user_id, one.account_id) for one in planned]
        choices = {account.id: await choose_version(session, video, account) for account in accounts}
        specs = {account_id: clip_of(video, each.render).spec for account_id, each in choices.items()}
    for account, one in zip(accounts, planned, strict=True):
        check_scope(account, one.wish.mode)
    # Asked without holding a lock: TikTok may take its time.
    wishes = [(account.id, one.wish) for account, one in zip(accounts, planned, strict=True)]
    await check_creators(resources, video, wishes, specs)
    async with resources.db.begin() as session:
        await held_posts.lock_edit(session, video_id)
        video = await postable_video(session, user_id, video_id)
        # All windows at once, in the order that everybody keeps: two who post to the same accounts would else
        # wait for each other.
        upload = resources.settings.upload
        windows = {scope for account in accounts for scope in upload_rates(upload, account.id)}
        await slots.lock(session, windows)
        for (account_id, _), one, columns in zip(wishes, planned, values, strict=True):
            account = await usable_account(session, user_id, account_id)
            moment = await choose_time(session, account, one.when)
            post = await add_post(
                session,
                resources.settings,
                video,
                account,
                render=(await keep_choice(session, video, account)).render,
                values=columns,
                moment=moment,
                priority=one.priority,
            )
            moments[post.id] = moment
        await settle_video(session, video_id, Why(actor=actor, reason="planned"))
        pages = await load_posts(session, user_id, list(moments))
        warnings = await find_warnings(session, [page.view.post for page in pages])
    await deliver_soon(resources, [edit_job_id(video_id), *map(upload_job_id, moments)])
    return [
        page.with_oddity(moments[page.view.post.id]).with_warnings(warnings[page.view.post.id])
        for page in pages
    ]


def with_consent(resources: Resources, wish: PostWish, version: str, actor: str) -> dict[str, Any]:
    """The columns of a post with the record of its owner's consent.

    Raises:
        BadInput: something of the wish cannot be used, or the declaration is not today's.
        UnauditedApp: not private, and TikTok has not audited the app.
    """
    columns = wish.checked(resources.settings)
    return {**columns, "consent": record(version, asdict(wish), at=datetime.now(UTC), by=actor)}
