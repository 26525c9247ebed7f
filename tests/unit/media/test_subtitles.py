from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subiteya.domain.errors import BadSubtitles
from subiteya.domain.subtitles import Cue
from subiteya.media.subtitles import clean_text, parse_subtitles

SRT = "1\n00:00:01,000 --> 00:00:02,500\n¿Qué <i>tal</i>?\nSeñor\n\n2\n00:00:03,000 --> 00:00:04,000\nAdiós\n"
VTT = (
    "WEBVTT\n\nNOTE no\n\n00:01.000 --> 00:02.000 align:start\n<v Ana>Hola &amp; <c.loud>adiós</c>\n\n"
    "00:03.000 --> 00:04.000\n<00:03.500>dos\n"
)
ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\n\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\an8\\fs90}Uno\\Ndos\n"
    "Comment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,nota\n"
    "Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0 100 100{\\p0}\n"
)


def test_srt_becomes_plain_cues() -> None:
    cues = parse_subtitles(SRT.encode())
    assert cues == (Cue(1000, 2500, "¿Qué tal?\nSeñor"), Cue(3000, 4000, "Adiós"))


def test_webvtt_loses_its_voices_classes_and_inner_times() -> None:
    assert [cue.text for cue in parse_subtitles(VTT.encode())] == ["Hola & adiós", "dos"]


def test_ass_loses_its_overrides_comments_and_drawings() -> None:
    assert parse_subtitles(ASS.encode()) == (Cue(1000, 2000, "Uno\ndos"),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_accents_survive_every_usual_encoding(encoding: str) -> None:
    assert parse_subtitles(SRT.encode(encoding))[0].text == "¿Qué tal?\nSeñor"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\x00\x01\x02",
        b"1\n00:00:01,000 --> 00:00:01,000\nends when it starts\n",
        b"WEBVTT\n\n",
        b"{25}{50}MicroDVD is none of ours",
        b"#EXTM3U\nhttp://example.com/a.m3u8\n",
    ],
)
def test_what_holds_no_line_is_refused(data: bytes) -> None:
    with pytest.raises(BadSubtitles):
        parse_subtitles(data)


def test_a_huge_file_is_refused() -> None:
    with pytest.raises(BadSubtitles, match="larger than 2 MB"):
        parse_subtitles(b"x" * (2 * 1024 * 1024 + 1))


def test_cues_come_in_the_order_of_time() -> None:
    mixed = "1\n00:00:05,000 --> 00:00:06,000\nB\n\n2\n00:00:01,000 --> 00:00:02,000\nA\n"
    assert [cue.text for cue in parse_subtitles(mixed.encode())] == ["A", "B"]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        cues = parse_subtitles(data)
    except BadSubtitles:
        return
    assert cues


@given(st.text(max_size=200))
def test_clean_text_has_no_controls_and_no_empty_lines(text: str) -> None:
    cleaned = clean_text(text)
    assert all(line.strip() for line in cleaned.split("\n")) or cleaned == ""
    assert not any(ord(character) < 32 and character != "\n" for character in cleaned)
