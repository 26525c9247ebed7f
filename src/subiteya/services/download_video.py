"""An address from which a video can be downloaded for an hour."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath

from subiteya.db.versions import clip_of
from subiteya.domain.errors import WrongState
from subiteya.domain.keys import VideoFile
from subiteya.services.choose_version import choose_version
from subiteya.services.get_videos import get_video
from subiteya.services.plan_post import usable_account
from subiteya.services.resources import Resources
from subiteya.storage import PresignedRequest


async def download_video(
    resources: Resources,
    *,
    user_id: uuid.UUID,
    video_id: uuid.UUID,
    which: VideoFile | None = None,
    account_id: uuid.UUID | None = None,
) -> PresignedRequest:
    """Sign a download of the edited clip or of the source.

    Args:
        resources: The process's connections.
        user_id: Whose video.
        video_id: Which.
        which: Which file; the edited one when there is one, else the source.
        account_id: Whose version of the edited one; the video's own when None, or when the account gets that.

    Raises:
        NotFound: no such video or account of theirs.
        WrongState: it has not been edited yet, or not for this account.
    """
    view = await get_video(resources, user_id=user_id, video_id=video_id)
    video, edited = view.video, view.video.edited_key
    if account_id is not None:
        async with resources.db.begin() as session:
            account = await usable_account(session, user_id, account_id)
            edited = clip_of(video, (await choose_version(session, video, account)).render).key
    edited = edited if which is not VideoFile.SOURCE else None
    if edited is None and (which is VideoFile.EDITED or account_id is not None):
        raise WrongState(what="video", state=video.status.value)
    name = PurePosixPath(video.filename)
    if edited is None:
        return await resources.storage.presign.download(
            video.source_key, file_name=video.filename, content_type=video.content_type
        )
    suffix = PurePosixPath(edited).suffix
    return await resources.storage.presign.download(edited, file_name=f"{name.stem} (SubiteYa){suffix}")
