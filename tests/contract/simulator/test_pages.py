from __future__ import annotations

import pytest

from contract.simulator.rig import Rig, data_of, file_source
from subiteya.tiktok.simulator.pages import PAGE_SIZE

PNG_HEAD = b"\x89PNG\r\n\x1a\n"


async def test_an_empty_page_says_so_in_the_readers_language(rig: Rig) -> None:
    english = await rig.client.get("/")
    assert "nothing here was sent to TikTok" in english.text
    assert "Nothing has been posted yet" in english.text
    spanish = await rig.client.get("/", headers={"Accept-Language": "es"})
    assert "nada de esto se envió a TikTok" in spanish.text


async def test_the_page_shows_posts_that_play(rig: Rig, clip: bytes) -> None:
    ana = await rig.connect(nickname="Ana <i>Paz</i>")
    publish_id = await ana.publish(clip, title="Hola <script>alert(1)</script>", disable_comment=True)
    await rig.pass_time(2)
    page = (await rig.client.get("/")).text
    assert f'src="/simulator/posts/{publish_id}/video" controls playsinline muted' in page
    assert 'preload="metadata"' in page
    assert "Only me" in page
    assert "Comments off" in page
    assert "Ana &lt;i&gt;Paz&lt;/i&gt;" in page
    assert "<script>alert" not in page
    assert f'href="/simulator/posts/{publish_id}"' in page


async def test_pages_run_nothing_but_their_own_files(rig: Rig) -> None:
    for path in ("/", "/simulator/posts/none", "/v2/auth/authorize/"):
        response = await rig.client.get(path)
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert " style=" not in response.text
        assert "http" not in response.text.replace("http-equiv", "")


async def test_a_public_post_has_the_share_links_shape(rig: Rig, clip: bytes) -> None:
    ana = await rig.connect()
    publish_id = await ana.publish(clip, privacy_level="PUBLIC_TO_EVERYONE")
    await rig.pass_time(2)
    await rig.pass_time(3)
    post_id = (await ana.status(publish_id))["publicaly_available_post_id"][0]
    page = await rig.client.get(f"/@ana/video/{post_id}")
    assert page.status_code == 200
    assert str(post_id) in page.text
    assert f'href="/@ana/video/{post_id}"' in (await rig.client.get("/")).text
    for wrong in (f"/@zoe/video/{post_id}", "/@ana/video/1", "/@ana/video/x"):
        assert (await rig.client.get(wrong)).status_code == 404
    await rig.knob("POST", f"publishes/{publish_id}/audience", {"privacy_level": "SELF_ONLY"})
    assert (await rig.client.get(f"/@ana/video/{post_id}")).status_code == 404
    assert (await rig.client.get(f"/simulator/posts/{publish_id}")).status_code == 200


async def test_a_profile_shows_only_its_own(rig: Rig, clip: bytes) -> None:
    ana, zoe = await rig.connect("ana"), await rig.connect("zoe")
    await ana.publish(clip, title="de Ana")
    await zoe.publish(clip, title="de Zoe")
    await rig.pass_time(2)
    page = (await rig.client.get("/@ana")).text
    assert "de Ana" in page
    assert "de Zoe" not in page
    assert (await rig.client.get("/@nobody")).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "status", "span"),
    [
        (None, 200, slice(None)),
        ("bytes=0-99", 206, slice(0, 100)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-50", 206, slice(-50, None)),
        ("bytes=99999999-", 416, None),
    ],
)
async def test_videos_are_served_by_ranges(
    rig: Rig, clip: bytes, wanted: str | None, status: int, span: slice | None
) -> None:
    ana = await rig.connect()
    publish_id = await ana.publish(clip)
    assert (await rig.client.get(f"/simulator/posts/{publish_id}/video")).status_code == 404
    await rig.pass_time(2)
    response = await rig.client.get(
        f"/simulator/posts/{publish_id}/video", headers={"Range": wanted} if wanted else {}
    )
    assert response.status_code == status
    if span is not None:
        assert response.content == clip[span]
        assert response.headers["content-type"] == "video/mp4"
        assert response.headers["accept-ranges"] == "bytes"


async def test_what_is_under_way_or_refused_is_shown_without_a_video(rig: Rig) -> None:
    ana = await rig.connect()
    await ana.publish(b"no video")
    await rig.pass_time(2)
    half = data_of(await ana.init(file_source(10_485_760, 5_242_880)))
    await rig.put(half["upload_url"], b"x" * 5_242_880, 0, 10_485_760)
    page = (await rig.client.get("/")).text
    assert "file_format_check_failed" in page
    assert "Receiving 50 %" in page
    assert "<video" not in page


async def test_a_draft_is_posted_from_its_page(rig: Rig, clip: bytes) -> None:
    ana = await rig.connect()
    publish_id = await ana.publish_draft(clip)
    await rig.pass_time(2)
    page = (await rig.client.get(f"/simulator/posts/{publish_id}")).text
    assert f'action="/simulator/posts/{publish_id}/finish"' in page
    done = await rig.client.post(f"/simulator/posts/{publish_id}/finish", data={"privacy_level": "SELF_ONLY"})
    assert (done.status_code, done.headers["location"]) == (303, f"/simulator/posts/{publish_id}")
    assert (await ana.status(publish_id))["status"] == "PUBLISH_COMPLETE"


async def test_older_posts_are_one_page_further(rig: Rig) -> None:
    await rig.switch(rate_limits=False, daily_post_cap=100)
    ana = await rig.connect()
    for number in range(PAGE_SIZE + 1):
        await ana.init(title=f"título {number:02}")
    first = (await rig.client.get("/")).text
    assert "título 24" in first
    assert "título 00" not in first
    older = first.split('href="?before=')[1].split('"')[0]
    second = (await rig.client.get(f"/?before={older}")).text
    assert "título 00" in second
    assert "título 01" not in second


async def test_pictures_and_files_of_the_page_are_its_own(rig: Rig) -> None:
    ana = await rig.creator()
    picture = await rig.client.get(f"/simulator/avatars/{ana['open_id']}.png")
    assert picture.content.startswith(PNG_HEAD)
    assert (await rig.client.get("/simulator/avatars/nobody.png")).status_code == 404
    for name in ("style.css", "live.js", "icon.svg", "lock.svg"):
        assert (await rig.client.get(f"/simulator/static/{name}")).status_code == 200


async def test_an_unknown_address_is_a_page_for_people_and_json_for_machines(rig: Rig) -> None:
    page = await rig.client.get("/nowhere", headers={"Accept": "text/html"})
    assert (page.status_code, "There is nothing at this address" in page.text) == (404, True)
    machine = await rig.client.get("/nowhere")
    assert (machine.status_code, machine.json()) == (404, {"detail": "Not Found"})
