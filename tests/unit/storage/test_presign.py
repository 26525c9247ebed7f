from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from subiteya.domain.errors import BadInput, TooLarge
from subiteya.domain.keys import temp_key
from subiteya.storage import Storage
from subiteya.storage.parts import GIB
from subiteya.storage.presign import content_disposition

KEY = temp_key(uuid.uuid4(), ".mp4")


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def test_a_download_lives_an_hour_and_names_the_file(offline: Storage) -> None:
    signed = await offline.presign.download(KEY, file_name="año.mp4")
    query = _query(signed.url)
    assert signed.method == "GET"
    assert query["X-Amz-Expires"] == "3600"
    assert query["X-Amz-SignedHeaders"] == "host"
    assert query["response-content-disposition"] == content_disposition("año.mp4")
    assert abs(signed.expires_at - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=1)


async def test_an_upload_lives_15_minutes_with_size_and_type_signed(offline: Storage) -> None:
    signed = await offline.presign.upload(KEY, size=1234, content_type="video/mp4")
    query = _query(signed.url)
    assert (signed.method, signed.size, dict(signed.headers)) == ("PUT", 1234, {"Content-Type": "video/mp4"})
    assert query["X-Amz-Expires"] == "900"
    assert query["X-Amz-SignedHeaders"] == "content-length;content-type;host"


async def test_a_part_has_its_size_signed(offline: Storage) -> None:
    signed = await offline.presign.part(KEY, "upload-id", 7, size=99)
    query = _query(signed.url)
    assert query["X-Amz-SignedHeaders"] == "content-length;host"
    assert (query["partNumber"], query["uploadId"]) == ("7", "upload-id")


async def test_a_signed_address_shows_in_no_repr(offline: Storage) -> None:
    signed = await offline.presign.download(KEY)
    assert "X-Amz-Signature" in signed.url
    assert "Signature" not in repr(signed)
    assert "made-up-secret" not in repr(offline)
    assert "AKIDEXAMPLE" not in repr(offline)


async def test_only_keys_of_ours_are_signed(offline: Storage) -> None:
    for key in ("backup/all.tar", "temp/../secret", ""):
        with pytest.raises(BadInput):
            await offline.presign.download(key)
        with pytest.raises(BadInput):
            await offline.presign.upload(key, size=1, content_type="video/mp4")


async def test_sizes_types_and_lives_that_make_no_sense_are_refused(offline: Storage) -> None:
    with pytest.raises(BadInput):
        await offline.presign.upload(KEY, size=0, content_type="video/mp4")
    with pytest.raises(TooLarge):
        await offline.presign.upload(KEY, size=5 * GIB + 1, content_type="video/mp4")
    with pytest.raises(BadInput):
        await offline.presign.upload(KEY, size=1, content_type="video/mp4\r\nx-evil: 1")
    with pytest.raises(BadInput):
        await offline.presign.part(KEY, "upload-id", 10_001, size=1)
    with pytest.raises(BadInput):
        await offline.presign.download(KEY, life=timedelta(days=8))


@pytest.mark.parametrize(
    ("name", "plain", "encoded"),
    [
        ("clip.mp4", "clip.mp4", "clip.mp4"),
        ("mañana será.mp4", "manana sera.mp4", "ma%C3%B1ana%20ser%C3%A1.mp4"),
        ("видео.mp4", "video.mp4", "%D0%B2%D0%B8%D0%B4%D0%B5%D0%BE.mp4"),
        ('a"b;d%e.mp4', "a_b_d_e.mp4", "a%22b%3Bd%25e.mp4"),
        ("C:\\clips\\a.mp4", "a.mp4", "a.mp4"),
        ("../../etc/passwd", "passwd", "passwd"),
        ("clip\r\nSet-Cookie: x=1.mp4", "clipSet-Cookie: x=1.mp4", "clipSet-Cookie%3A%20x%3D1.mp4"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}4pm.exe", "4pm.exe", "4pm.exe"),
        (".hidden", "hidden", "hidden"),
    ],
)
def test_a_files_name_survives_in_any_language_and_breaks_no_header(
    name: str, plain: str, encoded: str
) -> None:
    assert content_disposition(name) == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


@pytest.mark.parametrize("name", [None, "", "..", "/", "\n"])
def test_without_a_usable_name_the_browser_chooses_one(name: str | None) -> None:
    assert content_disposition(name) == "attachment"
    assert content_disposition(name, inline=True) == "inline"


def test_a_long_name_keeps_its_extension() -> None:
    header = content_disposition("é" * 500 + ".mp4", inline=True)
    assert header.startswith('inline; filename="eee')
    assert unquote(header).endswith(".mp4")
    assert len(header) < 800
