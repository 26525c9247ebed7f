from __future__ import annotations

from fractions import Fraction

import pytest

from fixtures.probes import clip, track
from subiteya.domain.probe import FindingCode, Probe, tiktok_findings


def test_a_probe_survives_json() -> None:
    probe = clip()
    assert Probe.from_json(probe.to_json()) == probe


def test_a_file_without_a_picture_is_no_video() -> None:
    assert not Probe(container="mp4", duration_s=1, size_bytes=1).is_video


def test_a_proper_clip_has_no_findings() -> None:
    assert tiktok_findings(clip()) == ()


@pytest.mark.parametrize(
    ("probe", "code"),
    [
        (clip(container="avi"), FindingCode.CONTAINER),
        (clip(size_bytes=5 * 1000**3), FindingCode.BYTES),
        (clip(duration_s=601), FindingCode.DURATION),
        (clip(track(codec="prores")), FindingCode.CODEC),
        (clip(track(fps="15/1", nominal_fps="15/1")), FindingCode.FRAME_RATE),
        (clip(track(fps="120/1", nominal_fps="120/1")), FindingCode.FRAME_RATE),
        (clip(track(width=320)), FindingCode.TOO_SMALL),
        (clip(track(width=4320, height=7680)), FindingCode.TOO_LARGE),
        (clip(track(transfer="arib-std-b67", pix_fmt="yuv420p10le")), FindingCode.HDR),
        (clip(track(pix_fmt="yuv422p")), FindingCode.PIXEL_FORMAT),
        (clip(track(interlaced=True)), FindingCode.INTERLACED),
    ],
)
def test_what_breaks_a_rule_is_found(probe: Probe, code: FindingCode) -> None:
    assert [finding.code for finding in tiktok_findings(probe)] == [code]


def test_only_the_length_needs_a_person() -> None:
    findings = tiktok_findings(clip(track(codec="prores"), duration_s=700, container="avi"))
    assert [finding.code for finding in findings if not finding.mended_by_edit] == [FindingCode.DURATION]


def test_the_creators_own_limit_counts() -> None:
    assert tiktok_findings(clip(duration_s=200), max_seconds=180)[0].code is FindingCode.DURATION


def test_a_short_clips_rate_may_be_a_hair_above_sixty() -> None:
    assert tiktok_findings(clip(track(fps="810000/13487", nominal_fps="60/1"))) == ()


def test_an_unknown_rate_is_zero() -> None:
    assert track(fps="0/1", nominal_fps="0/0").rate == Fraction(0)


def test_uneven_time_stamps_are_seen() -> None:
    assert track().is_constant_rate
    assert not track(fps="29/1", nominal_fps="30/1").is_constant_rate
