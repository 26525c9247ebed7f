"""A running edit that is called off by API: what it did is gone, in whatever process it ran."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx2
import psutil

from fixtures.processes import House, until
from journeys.test_chain import api_of
from journeys.test_disturbed import SPEC, ffmpeg_of, gone, no_folder, reasons
from subiteya.domain.keys import video_prefix
from subiteya.domain.states import JobStatus, VideoStatus
from subiteya.queue.names import edit_job_id
from subiteya.queue.presence import RUNNABLE, job_state

UNAIDED = {"PRESENCE_SECONDS": "3600"}
"""Nothing that the sweep would find missing in Redis comes back by itself."""


async def ask(house: House, url: str, method: str, path: str) -> httpx2.Response:
    """One request of the owner's."""
    headers = {"Authorization": f"Bearer {house.key}"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=20) as http:
        answer = await http.request(method, path)
        answer.raise_for_status()
        return answer


async def stored(house: House, video_id: uuid.UUID) -> list[str]:
    """What lies in storage for the video."""
    prefix = video_prefix(house.account.user_id, video_id)
    return sorted([key async for key in house.resources.storage.objects.list_keys(prefix)])


def group_of(process: psutil.Process) -> list[int]:
    """Living processes of its process group."""
    found = []
    for pid in psutil.pids():
        try:
            if os.getpgid(pid) == process.pid and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


async def test_a_running_edit_that_is_called_off_stops_and_leaves_nothing(
    house: House, long_clip: Path, record_property: Callable[[str, object], None]
) -> None:
    url = await api_of(house)
    edit = house.start("worker", "edit")
    await house.ready(edit)
    video_id = await house.draft(long_clip)
    await house.confirm(video_id, SPEC)
    before = await stored(house, video_id)
    ffmpeg = await ffmpeg_of(edit)
    assert group_of(ffmpeg) == [ffmpeg.pid]

    begun = time.monotonic()
    answer = await ask(house, url, "POST", f"/api/videos/{video_id}/cancel")
    assert answer.json()["status"] == "CANCELLED"
    await until(lambda: gone(ffmpeg), 10)
    record_property("seconds_until_ffmpeg_was_gone", round(time.monotonic() - begun, 2))
    assert group_of(ffmpeg) == []
    await until(lambda: no_folder(house), 10)
    assert await stored(house, video_id) == before

    async def let_go() -> bool:
        return await job_state(house.resources.queues, edit_job_id(video_id)) not in RUNNABLE

    await until(let_go, 10)
    video = await house.video(video_id)
    assert (video.status, video.edited_key) == (VideoStatus.CANCELLED, None)
    [job] = await house.jobs()
    assert job.status is JobStatus.CANCELLED
    assert "edited" not in await reasons(house, video_id)


async def test_an_edit_that_is_called_off_and_at_once_wanted_again_begins_anew(
    house: House, long_clip: Path
) -> None:
    url = await api_of(house, **UNAIDED)
    edit = house.start("worker", "edit", **UNAIDED)
    await house.ready(edit)
    video_id = await house.draft(long_clip)
    await house.confirm(video_id, SPEC)
    first = await ffmpeg_of(edit)

    await ask(house, url, "POST", f"/api/videos/{video_id}/cancel")
    await ask(house, url, "POST", f"/api/videos/{video_id}/retry")

    await until(lambda: gone(first), 10)
    second = await ffmpeg_of(edit)
    assert second.pid != first.pid
    [job] = await house.jobs()
    assert (job.status, job.run, job.attempts) == (JobStatus.ACTIVE, 2, 0)
    told = [
        reason for reason in await reasons(house, video_id) if reason in {"started", "cancelled", "rerun"}
    ]
    assert told == ["started", "cancelled", "rerun", "started"]
    assert len(house.work_folders()) == 1
    await ask(house, url, "POST", f"/api/videos/{video_id}/cancel")
    await until(lambda: no_folder(house), 10)
