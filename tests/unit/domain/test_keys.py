from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subiteya.domain.errors import BadInput, NotFound
from subiteya.domain.keys import (
    Area,
    ObjectKey,
    VideoFile,
    asset_key,
    extension_of,
    extract_key,
    owner_of,
    parse_key,
    require_owner,
    temp_key,
    user_prefix,
    video_key,
    video_prefix,
)

USER = uuid.UUID("0b1f4c1e-8d0a-4a53-9f57-0d8f3a7f2c11")
OTHER = uuid.UUID("5f0f9a0e-0d0b-4a4e-8a53-b7a5a1c6d222")
VIDEO = uuid.UUID("c7a4c9d2-7b1e-4a0f-8a51-1b7d2f5b9333")
KEY = f"videos/{USER}/{VIDEO}/source.mp4"


def test_keys_have_the_shapes_of_the_seed() -> None:
    assert video_key(USER, VIDEO, VideoFile.SOURCE, ".mp4") == KEY
    assert video_key(USER, VIDEO, VideoFile.EDITED, "MP4") == f"videos/{USER}/{VIDEO}/edited.mp4"
    assert temp_key(USER, ".mov").startswith(f"temp/{USER}/")
    assert asset_key(USER, ".png").endswith(".png")
    assert KEY.startswith(video_prefix(USER, VIDEO))
    assert KEY.startswith(user_prefix(Area.VIDEOS, USER))


def test_two_uploads_never_share_a_key() -> None:
    assert temp_key(USER) != temp_key(USER)


@given(st.sampled_from(["", ".mp4", ".webm", ".m4v", ".7z"]), st.uuids(), st.uuids())
def test_a_key_taken_apart_and_put_together_is_the_same(
    extension: str, user: uuid.UUID, item: uuid.UUID
) -> None:
    for made in (
        temp_key(user, extension),
        asset_key(user, extension),
        video_key(user, item, VideoFile.EDITED, extension),
        video_key(user, item, VideoFile.EDITED, extension, take=1001, render=item),
    ):
        assert str(parse_key(made)) == made
        assert owner_of(made) == user


def test_a_parsed_key_knows_its_parts() -> None:
    assert parse_key(KEY) == ObjectKey(Area.VIDEOS, USER, VIDEO, VideoFile.SOURCE, ".mp4")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "temp/",
        f"temp/{USER}",
        f"temp/{USER}/",
        f"/temp/{USER}/{VIDEO}.mp4",
        f"temp/{USER}/{VIDEO}.mp4/",
        f"temp/{USER}/{VIDEO}.mp4\n",
        f"temp/{USER}/{VIDEO}.MP4",
        f"temp/{USER}/{VIDEO}.tar.gz",
        f"temp/{str(USER).upper()}/{VIDEO}.mp4",
        f"temp/{USER}/../{OTHER}/{VIDEO}.mp4",
        f"temp/{USER}/%2e%2e/{VIDEO}.mp4",
        f"temp/{USER}//{VIDEO}.mp4",
        f"videos/{USER}/{VIDEO}/other.mp4",
        f"videos/{USER}/{VIDEO}/source.mp4/edited.mp4",
        f"videos/{USER}/{VIDEO}.mp4",
        f"backup/{USER}/{VIDEO}.mp4",
        f"temp/{USER}/{VIDEO}.mp\N{FULLWIDTH DIGIT FOUR}",
        f"temp/{USER}/{VIDEO}.mp4\x00",
    ],
)
def test_an_odd_key_is_refused(key: str) -> None:
    with pytest.raises(BadInput):
        parse_key(key)


@given(st.text(max_size=60))
def test_no_text_makes_the_parser_do_anything_but_refuse(text: str) -> None:
    with pytest.raises(BadInput):
        parse_key(text)


def test_somebody_elses_key_looks_like_one_that_does_not_exist() -> None:
    assert require_owner(KEY, USER).item == VIDEO
    with pytest.raises(NotFound) as refused:
        require_owner(KEY, OTHER)
    assert refused.value.status == 404
    assert str(USER) not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("clip.mp4", ".mp4"),
        ("CLIP.MOV", ".mov"),
        ("C:\\videos\\mi clip.WebM", ".webm"),
        ("archive.tar.gz", ".gz"),
        ("no extension", ""),
        (".hidden", ""),
        ("bad.m/p4", ""),
        ("bad.m p4", ""),
        ("sneaky.mp4\n", ""),
        ("long.abcdefghi", ""),
        ("ñ.ñandú", ""),
    ],
)
def test_a_file_names_extension_is_taken_only_when_it_fits_a_key(name: str, extension: str) -> None:
    assert extension_of(name) == extension


@pytest.mark.parametrize(
    "address",
    [
        f"s3://clips/{KEY}",
        f"https://clips.s3.eu-west-1.amazonaws.com/{KEY}",
        f"https://clips.s3.amazonaws.com/{KEY}",
        f"https://clips.s3-eu-west-1.amazonaws.com/{KEY}",
        f"https://clips.s3.dualstack.us-gov-west-1.amazonaws.com:443/{KEY}",
        f"https://clips.s3.cn-north-1.amazonaws.com.cn/{KEY}",
        f"https://s3.eu-west-1.amazonaws.com/clips/{KEY}",
        f"https://s3.amazonaws.com/clips/{KEY}?X-Amz-Signature=abc&X-Amz-Expires=3600",
        f"https://clips.s3.eu-west-1.amazonaws.com/{KEY.replace('/', '%2F')}",
        f"https://CLIPS.S3.EU-WEST-1.AMAZONAWS.COM/{KEY}",
    ],
)
def test_addresses_on_aws_are_understood_in_both_styles(address: str) -> None:
    assert str(extract_key(address, bucket="clips")) == KEY


@pytest.mark.parametrize(
    "address",
    [
        f"http://127.0.0.1:18330/clips/{KEY}",
        f"http://clips.127.0.0.1:18330/{KEY}",
        f"https://cdn.example.org/s3/clips/{KEY}?X-Amz-Signature=abc",
        f"https://clips.cdn.example.org/s3/{KEY}",
        f"s3://clips/{KEY}",
    ],
)
def test_addresses_on_our_own_endpoints_are_understood_in_both_styles(address: str) -> None:
    endpoints = ("http://127.0.0.1:18330", "https://cdn.example.org/s3")
    assert str(extract_key(address, bucket="clips", endpoints=endpoints, aws=False)) == KEY


@pytest.mark.parametrize(
    "address",
    [
        f"s3://other/{KEY}",
        f"s3://CLIPS/{KEY}",
        f"s3://clips/{KEY}?versionId=1",
        f"s3://user@clips/{KEY}",
        f"s3:clips/{KEY}",
        f"clips/{KEY}",
        KEY,
        "",
        f"ftp://clips.s3.amazonaws.com/{KEY}",
        f"http://clips.s3.amazonaws.com/{KEY}",
        f"https://other.s3.amazonaws.com/{KEY}",
        f"https://s3.amazonaws.com/other/{KEY}",
        f"https://s3.amazonaws.com/{KEY}",
        f"https://clips.s3.amazonaws.com.evil.example/{KEY}",
        f"https://evil.example/clips.s3.amazonaws.com/{KEY}",
        f"https://clips.s3.amazonaws.com@evil.example/{KEY}",
        f"https://user:secret@clips.s3.amazonaws.com/{KEY}",
        f"https://clips.s3.amazonaws.com:8443/{KEY}",
        f"https://clips.s3.amazonaws.com:port/{KEY}",
        f"https://clips.s3.amazonaws.com/{KEY}#x",
        f"https://clips.s3.amazonaws.com//{KEY}",
        f"https://clips.s3.amazonaws.com/temp/../{KEY}",
        f"https://clips.s3.amazonaws.com/temp/%2e%2e/{KEY}",
        f"https://clips.s3.amazonaws.com/{KEY.replace('/', '%252F')}",
        f"https://clips.s3.amazonaws.com/{KEY}%00",
        f"https://clips.s3.amazonaws.com/{KEY}%ff",
        f"https://clips.s3.amazonaws.com/{KEY}\n",
        f" https://clips.s3.amazonaws.com/{KEY}",
        f"http://127.0.0.1:9000/clips/{KEY}",
        f"https://clips.s3.amazonaws.com/{KEY}?{'x' * 9000}",
        "https://[::1/",
    ],
)
def test_addresses_of_other_places_and_odd_ones_are_refused(address: str) -> None:
    with pytest.raises(BadInput) as refused:
        extract_key(address, bucket="clips")
    assert "secret" not in str(refused.value)
    assert "evil" not in str(refused.value)


def test_the_same_bucket_name_on_aws_is_a_foreign_bucket_when_we_store_elsewhere() -> None:
    endpoints = ("http://127.0.0.1:18330",)
    for address in (f"https://clips.s3.amazonaws.com/{KEY}", f"https://127.0.0.1:18330/clips/{KEY}"):
        with pytest.raises(BadInput):
            extract_key(address, bucket="clips", endpoints=endpoints, aws=False)


def test_two_takes_of_an_edit_have_two_keys_and_one_owner() -> None:
    first = video_key(USER, VIDEO, VideoFile.EDITED, ".mp4", take=1001)
    assert first == f"videos/{USER}/{VIDEO}/edited-1001.mp4"
    assert parse_key(first) == ObjectKey(Area.VIDEOS, USER, VIDEO, VideoFile.EDITED, ".mp4", 1001)
    with pytest.raises(BadInput):
        parse_key(f"videos/{USER}/{VIDEO}/edited-0.mp4")
