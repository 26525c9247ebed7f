"""The queue dashboard's API: what it shows, who may use it, and that it tells what the original tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update

from fixtures.ended import end_job, fail_edit
from fixtures.node import node_program
from fixtures.processes import free_port
from fixtures.rows import Rows
from fixtures.somebody import somebody
from subiteya.db.models import Audit, Heartbeat, Job, User, Video
from subiteya.domain.roles import Role
from subiteya.domain.states import JobStatus, VideoStatus
from subiteya.queue.names import Priority, QueueName, edit_job_id
from subiteya.queue.presence import JobState, job_state
from subiteya.queue.queues import JobSpec
from subiteya.services import access
from subiteya.services.confirm_video import confirm_video
from subiteya.services.resources import Resources

BOARD = "/admin/queues/api"
QUEUES = f"{BOARD}/queues"
EDIT = f"{QUEUES}/video-edit"


@pytest.fixture
async def video(resources: Resources, rows: Rows, user: User) -> Video:
    """A video whose edit is queued."""
    video = await rows.video(user)
    return await confirm_video(resources, user_id=user.id, video_id=video.id)


@pytest.fixture
async def failed(resources: Resources, video: Video) -> str:
    """A job that failed, in its row and in Redis."""
    return await fail_edit(resources, video)


async def audit_of(resources: Resources) -> list[tuple[str, str, str | None]]:
    async with resources.db.begin() as session:
        found = await session.scalars(select(Audit).order_by(Audit.id))
        return [(one.action, one.target, one.outcome) for one in found]


async def test_the_board_tells_what_the_original_board_tells(
    client: httpx2.AsyncClient, resources: Resources, redis_url: str, failed: str
) -> None:
    ended, delayed = edit_job_id(uuid4()), edit_job_id(uuid4())
    await resources.queues.enqueue(JobSpec(ended, data={"videoId": "v"}))
    await end_job(resources, ended, "completed")
    await resources.queues.enqueue(JobSpec(delayed, Priority.HIGH, {"videoId": "w"}, delay_ms=600_000))
    for priority in (*Priority, *Priority, *Priority):
        await resources.queues.enqueue(JobSpec(edit_job_id(uuid4()), priority, {"videoId": "x"}))
    await resources.queues.bull(QueueName.UPLOAD).add("other", {"n": 1}, {"jobId": "stranger"})
    await resources.queues.pause_queues()
    port = free_port()
    asked = [
        f"queues?activeQueue={queue}&status={status}&page={page}&jobsPerPage=10"
        for queue in QueueName
        for status, page in (
            ("latest", 1),
            ("prioritized", 1),
            ("prioritized", 2),
            ("failed", 1),
            ("delayed", 1),
        )
    ]
    asked += ["queues", "job-schedulers"]
    asked += [
        f"queues/video-edit/{job_id}{more}" for job_id in (failed, ended, delayed) for more in ("", "/logs")
    ]
    asked += ["queues/video-upload/stranger", "queues/video-edit/nobody", "queues/none/nobody"]
    async with (
        node_program("bull_board.cjs", redis_url, str(port)),
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as original,
    ):
        for path in asked:
            theirs, ours = await original.get(f"{BOARD}/{path}"), await client.get(f"{BOARD}/{path}")
            assert (path, ours.status_code) == (path, theirs.status_code)
            if theirs.status_code == 200:
                assert (path, plain(ours.json())) == (path, plain(theirs.json()))
            else:
                assert ours.json()["error"] == theirs.json()["error"]
        theirs = (await original.get(f"{BOARD}/redis/stats")).json()
    ours = (await client.get(f"{BOARD}/redis/stats")).json()
    # Valkey's word is `server_mode`, which the original does not know.
    assert (ours.keys() - {"mode"}, ours["mode"]) == (theirs.keys() - {"mode"}, "standalone")
    assert (ours["version"], ours["port"]) == (theirs["version"], theirs["port"])


def plain(told: Any) -> Any:
    """Without what differs on purpose: which buttons are offered, and workers that Node cannot see."""
    for queue in told.get("queues", ()) if isinstance(told, dict) else ():
        for name in ("hasWorkers", "allowCompletedRetries", "supportsGlobalRateLimit"):
            queue.pop(name)
    return told


async def test_workers_and_metrics_come_from_the_rows(
    client: httpx2.AsyncClient, resources: Resources, failed: str
) -> None:
    async with resources.db.begin() as session:
        for name, ago in (("alive", 3), ("dead", 40)):
            now = func.clock_timestamp()
            session.add(
                Heartbeat(
                    name=name,
                    queue=QueueName.EDIT,
                    host="a-host",
                    pid=7,
                    version="1",
                    jobs=[failed],
                    started_at=now - timedelta(minutes=2),
                    beat_at=now - timedelta(seconds=ago),
                )
            )
    found = (await client.get(f"{EDIT}/workers")).json()["workers"]
    assert [(one["name"], one["addr"]) for one in found] == [("alive", "a-host:7")]
    assert found[0]["age"] == pytest.approx(120, abs=30)
    edit, upload = (await client.get(QUEUES)).json()["queues"]
    assert (edit["hasWorkers"], upload["hasWorkers"]) == (True, False)
    metrics = (await client.get(f"{EDIT}/metrics")).json()
    assert (metrics["failed"]["meta"]["count"], metrics["completed"]["meta"]["count"]) == (1, 0)
    assert len(metrics["failed"]["data"]) == 59


async def test_a_failed_job_is_run_again_through_its_row(
    client: httpx2.AsyncClient, resources: Resources, user: User, failed: str
) -> None:
    assert (await client.put(f"{EDIT}/{failed}/retry")).status_code == 204
    async with resources.db.begin() as session:
        job = await session.get_one(Job, failed)
    assert (job.status, job.run, job.attempts) == (JobStatus.QUEUED, 2, 0)
    assert await job_state(resources.queues, failed) is JobState.PRIORITIZED
    again = await client.put(f"{EDIT}/{failed}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    target = f"video-edit {failed}"
    assert await audit_of(resources) == [("retry", target, "done"), ("retry", target, "wrong_state")]
    entries = (await client.get("/api/admin/audit")).json()["entries"]
    assert [(one["actor"], one["name"]) for one in entries] == [(f"user:{user.id}", user.name)] * 2


@pytest.mark.usefixtures("failed")
async def test_all_failed_jobs_run_again_and_a_strangers_too(
    client: httpx2.AsyncClient, resources: Resources
) -> None:
    await resources.queues.bull(QueueName.EDIT).add("other", {}, {"jobId": "stranger", "priority": 1})
    await end_job(resources, "stranger", "failed")
    answer = await client.put(f"{EDIT}/retry/failed")
    assert answer.json() == {"retried": 2, "skipped": 0}
    counts = (await client.get(QUEUES)).json()["queues"][0]["counts"]
    assert (counts["failed"], counts["prioritized"]) == (0, 2)
    assert (await client.put(f"{QUEUES}/video-upload/retry/completed")).status_code == 409


async def test_queues_are_paused_and_resumed(client: httpx2.AsyncClient, resources: Resources) -> None:
    assert (await client.put(f"{EDIT}/pause")).json() == {}
    assert [one["isPaused"] for one in (await client.get(QUEUES)).json()["queues"]] == [True, False]
    await client.put(f"{QUEUES}/pause")
    await client.put(f"{EDIT}/resume")
    assert [one["isPaused"] for one in (await client.get(QUEUES)).json()["queues"]] == [False, True]
    await client.put(f"{QUEUES}/resume")
    assert not await resources.queues.is_paused(QueueName.UPLOAD)
    assert [action for action, _, _ in await audit_of(resources)] == [
        "pause",
        "pause",
        "pause",
        "resume",
        "resume",
        "resume",
    ]


async def test_a_waiting_job_that_is_removed_is_called_off_in_its_row(
    client: httpx2.AsyncClient, resources: Resources, video: Video
) -> None:
    job_id = edit_job_id(video.id)
    assert (await client.put(f"{EDIT}/{job_id}/clean")).status_code == 204
    async with resources.db.begin() as session:
        assert (await session.get_one(Video, video.id)).status is VideoStatus.CANCELLED
        assert (await session.get_one(Job, job_id)).status is JobStatus.CANCELLED
    assert (await client.get(f"{EDIT}/{job_id}")).status_code == 404


async def test_lists_are_cleaned_and_queues_emptied(
    client: httpx2.AsyncClient, resources: Resources, rows: Rows, user: User, failed: str
) -> None:
    assert (await client.put(f"{EDIT}/clean/failed")).status_code == 200
    async with resources.db.begin() as session:
        assert (await session.get_one(Job, failed)).status is JobStatus.FAILED  # its row stays
    other = await rows.video(user)
    await confirm_video(resources, user_id=user.id, video_id=other.id)
    await resources.queues.bull(QueueName.EDIT).add("other", {}, {"jobId": "stranger"})
    assert (await client.put(f"{EDIT}/empty")).status_code == 200
    counts = (await client.get(QUEUES)).json()["queues"][0]["counts"]
    assert set(counts.values()) == {0}
    async with resources.db.begin() as session:
        assert (await session.get_one(Video, other.id)).status is VideoStatus.CANCELLED


async def test_a_running_job_is_left_to_its_worker(
    client: httpx2.AsyncClient, resources: Resources, video: Video
) -> None:
    job_id = edit_job_id(video.id)
    redis: Any = resources.queues.client
    await redis.zrem("bull:video-edit:prioritized", job_id)
    await redis.lpush("bull:video-edit:active", job_id)
    for path in (f"{EDIT}/{job_id}/clean", f"{EDIT}/clean/active", f"{EDIT}/{job_id}/retry"):
        assert (await client.put(path)).status_code == 409


async def test_jobs_are_promoted_and_put_first(
    client: httpx2.AsyncClient, resources: Resources, video: Video
) -> None:
    job_id = edit_job_id(video.id)
    await resources.queues.client.flushdb()
    await resources.queues.enqueue(JobSpec(job_id, Priority.LOW, {"videoId": str(video.id)}, delay_ms=60_000))
    async with resources.db.begin() as session:
        later = datetime.now(UTC) + timedelta(minutes=1)
        await session.execute(update(Job).where(Job.id == job_id).values(not_before=later, priority=7))
    await resources.queues.bull(QueueName.EDIT).add("other", {}, {"jobId": "stranger", "delay": 60_000})
    assert (await client.put(f"{EDIT}/promote")).status_code == 200
    counts = (await client.get(QUEUES)).json()["queues"][0]["counts"]
    assert (counts["delayed"], counts["prioritized"], counts["waiting"]) == (0, 1, 1)
    assert (await client.patch(f"{EDIT}/{job_id}/priority", json={"priority": 2})).status_code == 422
    assert (await client.patch(f"{EDIT}/{job_id}/priority", json={"priority": 1})).status_code == 200
    assert (await client.get(f"{EDIT}/{job_id}")).json()["job"]["priority"] == 1
    async with resources.db.begin() as session:
        assert (await session.get_one(Job, job_id)).priority == 1


async def test_only_what_the_payload_allows_is_added(
    client: httpx2.AsyncClient, resources: Resources, failed: str, video: Video
) -> None:
    schema = (await client.get(f"{EDIT}/job-data-schema")).json()
    assert set(schema["properties"]) == {"version", "videoId"}
    options = (await client.get(f"{EDIT}/default-job-options")).json()
    data = {"videoId": str(video.id)}
    wrong: list[dict[str, Any]] = [
        {"data": {}},
        {"data": data | {"rm": "-rf"}},
        {"data": data, "name": "other"},
        {"data": data, "options": {"attempts": 99}},
    ]
    for body in wrong:
        answer = await client.post(f"{EDIT}/add", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert (await client.post(f"{EDIT}/add", json={"data": {"videoId": str(uuid4())}})).status_code == 404
    added = await client.post(f"{EDIT}/add", json={"name": "edit", "data": data, "options": options})
    assert (added.status_code, added.json()["job"]["id"], added.json()["status"]) == (
        200,
        failed,
        "prioritized",
    )
    assert await job_state(resources.queues, failed) is JobState.PRIORITIZED


async def test_what_rows_decide_is_refused(client: httpx2.AsyncClient) -> None:
    for path in ("obliterate", "concurrency", "rate-limit"):
        answer = await client.put(f"{EDIT}/{path}", json={})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    for path in ("job-schedulers/x", "edit-1/update-data", "edit-1/delay"):
        assert (await client.patch(f"{EDIT}/{path}", json={})).status_code == 422


async def test_who_may_only_look_sees_everything_and_changes_nothing(
    app: FastAPI, client: httpx2.AsyncClient, resources: Resources, failed: str
) -> None:
    async with somebody(app, resources, Role.VIEWER) as viewer:
        edit = (await viewer.get(QUEUES, params={"activeQueue": "video-edit"})).json()["queues"][0]
        assert (edit["readOnlyMode"], edit["allowRetries"], edit["jobs"][0]["id"]) == (True, False, failed)
        for path in ("pause", f"{failed}/retry", "empty", f"{failed}/clean", "clean/failed"):
            answer = await viewer.put(f"{EDIT}/{path}")
            assert (answer.status_code, answer.json()["error"]) == (403, {"key": "ERRORS.FORBIDDEN"})
            assert "not act on them" in answer.json()["message"]
    edit = (await client.get(QUEUES)).json()["queues"][0]
    assert (edit["isPaused"], edit["counts"]["failed"], edit["readOnlyMode"]) == (False, 1, False)
    assert {outcome for _, _, outcome in await audit_of(resources)} == {"not_allowed"}


async def test_an_admin_acts_and_a_creator_sees_nothing(
    app: FastAPI, anonymous: httpx2.AsyncClient, resources: Resources
) -> None:
    async with somebody(app, resources, Role.ADMIN) as admin:
        assert (await admin.put(f"{EDIT}/pause")).status_code == 200
    async with somebody(app, resources, Role.CREATOR) as creator:
        for path in (QUEUES, "/admin/queues", "/api/admin/audit"):
            assert (await creator.get(path)).status_code == 403
        assert (await creator.put(f"{EDIT}/resume")).status_code == 403
    assert (await anonymous.get(QUEUES)).status_code == 401
    assert await resources.queues.is_paused(QueueName.EDIT)


async def test_another_site_cannot_press_a_button(
    anonymous: httpx2.AsyncClient, resources: Resources, user: User
) -> None:
    link = await access.create_login_link(resources, user_id=user.id)
    session = await access.use_login_link(resources, link.rsplit("/", 1)[1])
    cookie = {"Cookie": f"subiteya_session={session.token}"}
    refused = await anonymous.put(f"{EDIT}/pause", headers=cookie | {"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    assert not await resources.queues.is_paused(QueueName.EDIT)
    allowed = await anonymous.put(f"{EDIT}/pause", headers=cookie | {"Sec-Fetch-Site": "same-origin"})
    assert allowed.status_code == 200
