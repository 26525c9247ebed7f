from __future__ import annotations

import uuid

import pytest

from subiteya.domain.keys import require_owner
from subiteya.services.start_upload import claimed_type, clean_filename, new_upload


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("pan.mp4", "pan.mp4"),
        ("/home/ana/vídeos/pan.mp4", "pan.mp4"),
        ("C:\\fakepath\\pan.mp4", "pan.mp4"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\r\n.mp4", "ab.mp4"),
        ("invoice\u202e4pm.exe", "invoice4pm.exe"),
        ("half \ud83d.mp4", "half .mp4"),
        ("familia 👨\u200d👩\u200d👧.mp4", "familia 👨\u200d👩\u200d👧.mp4"),
        ("", "video"),
        ("..", "video"),
        ("   ", "video"),
    ],
)
def test_a_file_name_loses_what_could_mislead(given: str, kept: str) -> None:
    assert clean_filename(given) == kept


def test_a_long_file_name_keeps_its_ending() -> None:
    name = clean_filename("x" * 500 + ".mp4")

    assert len(name) == 200
    assert name.endswith("x.mp4")


@pytest.mark.parametrize(
    ("claim", "kept"),
    [
        ("video/mp4", "video/mp4"),
        ("Video/QuickTime; codecs=avc1", "video/quicktime"),
        ("text/html", "application/octet-stream"),
        ("video/mp4\r\nX-Evil: 1", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_only_a_videos_type_is_passed_on(claim: str, kept: str) -> None:
    assert claimed_type(claim) == kept


def test_the_key_is_the_users_and_not_made_of_the_name() -> None:
    user_id = uuid.uuid4()

    one, other = (
        new_upload("put", user_id=user_id, filename="../a.MP4", content_type="", size=1) for _ in range(2)
    )

    assert one.key != other.key
    assert require_owner(one.key, user_id).extension == ".mp4"
