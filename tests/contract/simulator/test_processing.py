from __future__ import annotations

import json
import re
from typing import Any

import pytest

from contract.simulator.conftest import ClipMaker
from contract.simulator.rig import ManualClock, Person, Rig, data_of, error_of, file_source, running
from subiteya.tiktok.simulator import SimulatorConfig

CHUNK = 5_242_880


async def test_a_public_post_gets_its_id_after_moderation_as_a_raw_integer(rig: Rig, clip: bytes) -> None:
    ana = await rig.connect()
    publish_id = await ana.publish(clip, privacy_level="PUBLIC_TO_EVERYONE")
    assert (await ana.status(publish_id))["status"] == "PROCESSING_UPLOAD"
    await rig.pass_time(2)
    assert await ana.status(publish_id) == {
        "status": "PUBLISH_COMPLETE",
        "uploaded_bytes": len(clip),
        "publicaly_available_post_id": [],
    }
    await rig.pass_time(3)
    response = await ana.post("status/fetch", {"publish_id": publish_id})
    found = re.search(r'"publicaly_available_post_id":\[(\d{19})\]', response.text)
    assert found is not None
    assert int(found[1]) > 2**53
    assert int(float(found[1])) != int(found[1])
    (publish,) = (await rig.state())["publishes"]
    assert (publish["width"], publish["height"], publish["fps"]) == (360, 640, 30)
    assert publish["duration_ms"] == pytest.approx(500, abs=40)


@pytest.mark.parametrize("level", ["SELF_ONLY", "MUTUAL_FOLLOW_FRIENDS"])
async def test_a_post_that_is_not_public_never_gets_an_id(rig: Rig, clip: bytes, level: str) -> None:
    ana = await rig.connect()
    publish_id = await ana.publish(clip, privacy_level=level)
    await rig.pass_time(2)
    await rig.pass_time(86_400)
    ana = await rig.connect()
    assert await ana.status(publish_id) == {
        "status": "PUBLISH_COMPLETE",
        "uploaded_bytes": len(clip),
        "publicaly_available_post_id": [],
    }


async def test_a_draft_ends_in_the_inbox_until_the_creator_posts_it(rig: Rig, clip: bytes) -> None:
    ana = await rig.connect()
    publish_id = await ana.publish_draft(clip)
    await rig.pass_time(2)
    assert (await ana.status(publish_id))["status"] == "SEND_TO_USER_INBOX"
    await rig.pass_time(3_600)
    assert (await ana.status(publish_id))["status"] == "SEND_TO_USER_INBOX"
    await rig.knob("POST", f"publishes/{publish_id}/finish", {"privacy_level": "PUBLIC_TO_EVERYONE"})
    assert (await ana.status(publish_id))["status"] == "PUBLISH_COMPLETE"
    await rig.pass_time(3)
    assert len((await ana.status(publish_id))["publicaly_available_post_id"]) == 1


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"fps": "15"}, "frame_rate_check_failed"),
        ({"fps": "75"}, "frame_rate_check_failed"),
        ({"fps": "24000/1001"}, None),
        ({"size": "320x640"}, "picture_size_check_failed"),
        ({"seconds": 2.5}, "duration_check_failed"),
        ({"name": "clip.mkv"}, "file_format_check_failed"),
        ({"codec": "mpeg4"}, "file_format_check_failed"),
        ({"name": "clip.mov"}, None),
        ({"name": "clip.webm", "codec": "libvpx-vp9"}, None),
        ({"name": "clip.webm", "codec": "libvpx"}, None),
    ],
)
async def test_the_received_file_is_really_looked_at(
    rig: Rig, make_clip: ClipMaker, wish: dict[str, Any], reason: str | None
) -> None:
    ana = await rig.connect(max_video_post_duration_sec=2)
    publish_id = await ana.publish(make_clip(**wish))
    await rig.pass_time(2)
    status = await ana.status(publish_id)
    assert status.get("fail_reason") == reason
    assert status["status"] == ("FAILED" if reason else "PUBLISH_COMPLETE")


async def test_a_file_that_is_no_video_or_cut_off_fails_and_is_deleted(rig: Rig, clip: bytes) -> None:
    ana = await rig.connect()
    for content in (b"not a video at all" * 100, clip[: len(clip) // 2]):
        publish_id = await ana.publish(content)
        await rig.pass_time(2)
        response = await ana.post("status/fetch", {"publish_id": publish_id})
        assert error_of(response) == (200, "ok")
        assert response.json()["data"]["fail_reason"] == "file_format_check_failed"
    assert list(rig.app.state.parts.config.videos_dir.iterdir()) == []


async def test_without_the_media_check_any_bytes_pass(rig: Rig) -> None:
    await rig.switch(check_media=False)
    ana = await rig.connect()
    publish_id = await ana.publish(b"anything")
    await rig.pass_time(2)
    assert (await ana.status(publish_id))["status"] == "PUBLISH_COMPLETE"


async def test_status_is_fetched_30_times_a_minute(rig: Rig) -> None:
    ana = await rig.connect()
    publish_id = data_of(await ana.init())["publish_id"]
    for _ in range(30):
        await ana.status(publish_id)
    refused = await ana.post("status/fetch", {"publish_id": publish_id})
    assert error_of(refused) == (429, "rate_limit_exceeded")


@pytest.mark.parametrize("call", ["status/fetch", "cancel"])
async def test_only_ones_own_publish_is_told(rig: Rig, call: str) -> None:
    ana, zoe = await rig.connect("ana"), await rig.connect("zoe")
    publish_id = data_of(await ana.init())["publish_id"]
    others = await zoe.post(call, {"publish_id": publish_id})
    assert error_of(others) == (400, "token_not_authorized_for_specified_publish_id")
    unknown = await ana.post(call, {"publish_id": "v_pub_file~v2-1.1"})
    assert error_of(unknown) == (400, "invalid_publish_id")
    for body in ({}, {"publish_id": 7}, {"publish_id": ""}):
        assert error_of(await ana.post(call, body)) == (400, "invalid_params")
    viewer = await rig.connect("ana", scopes=["user.info.basic"])
    assert error_of(await viewer.post(call, {"publish_id": publish_id})) == (401, "scope_not_authorized")


async def test_an_upload_cannot_be_cancelled(rig: Rig) -> None:
    ana = await rig.connect()
    publish_id = data_of(await ana.init())["publish_id"]
    assert error_of(await ana.post("cancel", {"publish_id": publish_id})) == (
        400,
        "publish_not_cancellable",
    )


async def pull(rig: Rig, path: str) -> tuple[Person, str]:
    await rig.switch(verified_urls=["app.test"])
    ana = await rig.connect()
    source = {"source": "PULL_FROM_URL", "video_url": f"https://app.test{path}"}
    return ana, data_of(await ana.init(source))["publish_id"]


async def test_a_video_is_pulled(rig: Rig, clip: bytes) -> None:
    rig.receiver.videos["/clip.mp4"] = clip
    rig.receiver.lets_go.clear()
    ana, publish_id = await pull(rig, "/clip.mp4")
    assert await ana.status(publish_id) == {"status": "PROCESSING_DOWNLOAD", "downloaded_bytes": 0}
    rig.receiver.lets_go.set()
    await rig.pass_time(2)
    assert await ana.status(publish_id) == {
        "status": "PUBLISH_COMPLETE",
        "downloaded_bytes": len(clip),
        "publicaly_available_post_id": [],
    }


@pytest.mark.parametrize("path", ["/missing.mp4", "/moved.mp4"])
async def test_a_pull_that_fails_or_is_redirected_says_so(rig: Rig, clip: bytes, path: str) -> None:
    rig.receiver.videos["/clip.mp4"] = clip
    ana, publish_id = await pull(rig, path)
    await rig.settle()
    status = await ana.status(publish_id)
    assert (status["status"], status["fail_reason"]) == ("FAILED", "video_pull_failed")


async def test_a_pull_can_be_cancelled_before_it_is_here(rig: Rig) -> None:
    rig.receiver.lets_go.clear()
    ana, publish_id = await pull(rig, "/clip.mp4")
    assert error_of(await ana.post("cancel", {"publish_id": publish_id})) == (200, "ok")
    rig.receiver.lets_go.set()
    await rig.settle()
    assert (await ana.status(publish_id))["fail_reason"] == "publish_cancelled"
    again = await ana.post("cancel", {"publish_id": publish_id})
    assert error_of(again) == (400, "publish_not_cancellable")


async def test_uploads_and_processing_go_on_after_a_restart(
    config: SimulatorConfig, make_clip: ClipMaker
) -> None:
    """What was acknowledged stays; the token, the address and the switches stay valid."""
    clock = ManualClock()
    clip = make_clip(size="640x1138", seconds=2)
    padded = clip + b"\0" * (2 * CHUNK - len(clip))  # trailing bytes that no player minds
    async with running(config, clock) as rig:
        await rig.switch(processing_seconds=10)
        ana = await rig.connect()
        half = data_of(await ana.init(file_source(2 * CHUNK, CHUNK)))
        assert (await rig.put(half["upload_url"], padded[:CHUNK], 0, 2 * CHUNK)).status_code == 206
        waiting = await ana.publish(make_clip())
    async with running(config, clock) as rig:
        ana = Person(rig, ana.open_id, ana.access, ana.refresh)
        assert (await ana.status(half["publish_id"]))["uploaded_bytes"] == CHUNK
        rest = await rig.put(half["upload_url"], padded[CHUNK:], CHUNK, 2 * CHUNK)
        assert rest.status_code == 201
        assert (await ana.status(waiting))["status"] == "PROCESSING_UPLOAD"
        await rig.pass_time(10)
        assert (await ana.status(waiting))["status"] == "PUBLISH_COMPLETE"
        assert (await ana.status(half["publish_id"]))["status"] == "PUBLISH_COMPLETE"
        assert (await rig.state())["inits"] == 2


async def test_a_folder_of_another_version_is_refused(config: SimulatorConfig) -> None:
    async with running(config, ManualClock()) as rig:
        await rig.app.state.parts.store.run(lambda db: db.execute("PRAGMA user_version = 99"))
    with pytest.raises(RuntimeError, match="another version"):
        async with running(config, ManualClock()):
            pass


async def test_what_happens_by_itself_needs_no_knob(config: SimulatorConfig, clip: bytes) -> None:
    """The background work alone brings a post to its end."""
    async with running(config, ManualClock()) as rig:
        await rig.switch(processing_seconds=0, moderation_seconds=0, rate_limits=False)
        ana = await rig.connect()
        publish_id = await ana.publish(clip, privacy_level="PUBLIC_TO_EVERYONE")
        for _ in range(2_000):
            status = await ana.status(publish_id)
            if status.get("publicaly_available_post_id"):
                break
        assert status["status"] == "PUBLISH_COMPLETE"
        assert json.dumps(status["publicaly_available_post_id"][0]).isdigit()
