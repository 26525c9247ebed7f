from __future__ import annotations

import re
from pathlib import Path

import pytest

from fixtures.probes import clip, track
from subiteya.domain.errors import NotAVideo
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.probe import AudioTrack, Probe
from subiteya.media.graph import Assets, EditPlan, LogoImage, compile_edit
from subiteya.media.graph.filters import spell

WORK = Path("/w")
PLAIN = Assets(Path("/w/in.mp4"))
LOGO = Assets(Path("/w/in.mp4"), logo=LogoImage(Path("/w/logo.png"), 162, 81))
CAPTIONS = Assets(Path("/w/in.mp4"), texts="texts.ass")


def plan(spec: dict[str, object], probe: Probe | None = None, assets: Assets = PLAIN) -> EditPlan:
    return compile_edit(PatternSpec.parse(spec), probe or clip(), assets, WORK)


def graph(made: EditPlan) -> str:
    return value(made, "-filter_complex")


def value(made: EditPlan, option: str) -> str:
    return made.arguments[made.arguments.index(option) + 1]


def filters(made: EditPlan) -> list[str]:
    picture = graph(made).partition("[v];")[0]
    return re.findall(r"(?:^|[\],;])([a-z][a-z0-9]*)(?==|,|\[|$)", picture)


def test_nothing_to_do_is_a_copy_with_the_index_in_front() -> None:
    made = plan({})
    assert made.is_copy
    assert made.output == Path("/w/edited.mp4")
    assert value(made, "-c:v") == "copy"
    assert value(made, "-c:a") == "copy"
    assert value(made, "-movflags") == "+faststart"
    assert "-filter_complex" not in made.arguments


def test_vp9_in_webm_stays_webm() -> None:
    made = plan({}, clip(track(codec="vp9"), container="webm", audio=()))
    assert (made.is_copy, made.container, made.content_type) == (True, "webm", "video/webm")
    assert made.output.suffix == ".webm"
    assert "-movflags" not in made.arguments


def test_hevc_is_copied_under_the_name_that_apple_knows() -> None:
    assert value(plan({}, clip(track(codec="hevc"))), "-tag:v") == "hvc1"


def test_sound_that_mp4_cannot_hold_is_encoded_beside_a_copied_picture() -> None:
    pcm = AudioTrack(index=1, codec="pcm_s16le", sample_rate=44_100, channels=2)
    made = plan({}, clip(container="mov", audio=(pcm,)))
    assert made.is_copy
    assert value(made, "-c:a") == "aac"


@pytest.mark.parametrize(
    "probe",
    [
        clip(track(codec="prores", pix_fmt="yuv422p10le")),
        clip(track(codec="av1")),
        clip(track(fps="120/1", nominal_fps="120/1")),
        clip(track(width=320, height=240)),
        clip(track(transfer="smpte2084", pix_fmt="yuv420p10le")),
        clip(track(interlaced=True)),
        clip(track(codec="vp9"), container="webm"),  # with AAC, which WebM does not hold
    ],
)
def test_what_tiktok_would_refuse_is_encoded_even_without_a_wish(probe: Probe) -> None:
    made = plan({}, probe)
    assert not made.is_copy
    assert (made.container, value(made, "-c:v")) == ("mp4", "libx264")


def test_a_proper_clip_gets_only_the_filters_that_were_asked_for() -> None:
    assert filters(plan({"effects": {"contrast": 0.1}})) == ["lutyuv", "setparams"]
    assert filters(plan({"effects": {"vignette": 0.4}})) == ["vignette", "setparams"]
    assert filters(plan({"effects": {"look": "grayscale"}})) == ["lutyuv", "setparams"]
    assert filters(plan({}, assets=CAPTIONS)) == ["ass", "setparams"]
    assert filters(plan({}, assets=LOGO)) == ["null", "scale", "format", "overlay", "setparams"]


def test_saturation_of_wish_and_look_is_one_filter() -> None:
    made = plan({"effects": {"saturation": -0.5, "look": "vintage"}})
    assert filters(made).count("lutyuv") == 1
    assert "0.425000*(val-128)" in graph(made)


def test_a_look_with_curves_goes_to_rgb_and_back_once() -> None:
    made = plan({"effects": {"look": "cinematic", "contrast": 0.2}})
    names = ["lutyuv", "scale", "format", "curves", "scale", "format", "setparams"]
    assert filters(made) == names


def test_the_order_is_colour_then_logo_then_subtitles() -> None:
    assets = Assets(PLAIN.source, LOGO.logo, "texts.ass")
    text = graph(plan({"effects": {"look": "sepia"}}, assets=assets))
    assert text.index("curves") < text.index("overlay") < text.index("ass=")


def test_the_logo_stands_at_its_anchor_inside_the_safe_area() -> None:
    made = plan({"logo": {"anchor": "bottom_right", "margin_percent": 5}}, assets=LOGO)
    assert "overlay=x=724:y=1304" in graph(made)  # 1080-140-54-162, 1920-480-54-81 rounded to even


def test_the_logo_may_use_the_whole_frame_when_told() -> None:
    spec = {"logo": {"anchor": "bottom_right", "margin_percent": 5}, "layout": {"safe_areas": False}}
    assert "overlay=x=864:y=1784" in graph(plan(spec, assets=LOGO))


def test_phone_footage_becomes_limited_range_once() -> None:
    text = graph(plan({}, clip(track(pix_fmt="yuvj420p", range="pc")), CAPTIONS))
    assert text.count("in_range=pc:") == 1
    assert "in_color_matrix=bt709:in_range=pc:out_color_matrix=bt709:out_range=tv" in text


def test_wide_pixels_become_square() -> None:
    text = graph(plan({}, clip(track(width=1024, height=576, sar="64/45")), CAPTIONS))
    assert "w=1024:h=576" in text
    assert "setsar=1" in text


def test_hdr_is_tone_mapped_and_labelled_as_sdr() -> None:
    made = plan({}, clip(track(transfer="arib-std-b67", primaries="bt2020", matrix="bt2020nc")), CAPTIONS)
    assert "tonemap=tonemap=mobius" in graph(made)
    assert "colorspace=bt709:color_primaries=bt709:color_trc=bt709" in graph(made)


def test_unlabelled_colours_are_guessed_as_players_do() -> None:
    small = clip(track(width=640, height=480, matrix="unknown", primaries="unknown", transfer="unknown"))
    large = clip(track(matrix="unknown", primaries="unknown", transfer="unknown"))
    assert "colorspace=smpte170m" in graph(plan({}, small, CAPTIONS))
    assert "colorspace=bt709" in graph(plan({}, large, CAPTIONS))


def test_uneven_and_too_fast_sources_get_a_rate_filter_first() -> None:
    text = graph(plan({}, clip(track(fps="120/1", nominal_fps="120/1")), CAPTIONS))
    assert text.startswith("[0:0]fps=fps=60/1,")


def test_the_first_sound_track_is_taken_wherever_it_stands() -> None:
    sound = AudioTrack(index=0, codec="aac", sample_rate=44_100, channels=1)
    made = plan({}, clip(track(index=1), audio=(sound,)), CAPTIONS)
    maps = [made.arguments[at + 1] for at, word in enumerate(made.arguments) if word == "-map"]
    assert maps == ["[v]", "[a]"]
    assert "[0:0]pan=stereo|c0=c0|c1=c0,aresample" in graph(made)  # one channel on both sides
    assert graph(made).startswith("[0:1]")


def test_a_clip_without_sound_is_accepted() -> None:
    made = plan({}, clip(audio=()), CAPTIONS)
    assert "-c:a" not in made.arguments


def test_every_input_is_fenced_in_before_it_is_opened() -> None:
    words = plan({}, assets=LOGO).arguments
    for at in [at for at, word in enumerate(words) if word == "-i"]:
        before = words[:at]
        assert before[-1 - before[::-1].index("-protocol_whitelist") + 1] == "file"
        assert words[at + 1].startswith("file:")
    assert words.count("-protocol_whitelist") == words.count("-i") == 2
    assert "-format_whitelist" in words


def test_nothing_of_the_source_but_picture_and_sound_is_kept() -> None:
    words = plan({}, assets=CAPTIONS).arguments
    assert {"-map_metadata", "-map_chapters", "-sn", "-dn"} <= set(words)


@pytest.mark.parametrize(
    ("quality", "point"),
    [
        ("low", ("veryfast", "28")),
        ("medium", ("veryfast", "25")),
        ("high", ("veryfast", "22")),
        ("ultra", ("faster", "17")),
    ],
)
def test_quality_is_an_operating_point_of_the_encoder(quality: str, point: tuple[str, str]) -> None:
    made = plan({"output": {"quality": quality}}, assets=CAPTIONS)
    assert (value(made, "-preset"), value(made, "-crf")) == point


def test_threads_reach_decoder_and_encoder() -> None:
    made = compile_edit(PatternSpec(), clip(), CAPTIONS, WORK, threads=3)
    assert (value(made, "-threads"), value(made, "-threads:v")) == ("3", "3")


def test_sound_alone_is_no_video() -> None:
    with pytest.raises(NotAVideo):
        plan({}, Probe(container="mp4", duration_s=1, size_bytes=1))


@pytest.mark.parametrize("value", ["a:b", "a'b", "a;b", "a[b]", "a\\b", "a\nb", ""])
def test_a_value_that_the_parser_would_act_on_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="not a safe filter value"):
        spell("scale", w=value)


def test_another_shape_is_never_a_copy() -> None:
    assert not plan({"layout": {"target": "1:1"}}).is_copy
    assert plan({"layout": {"target": "9:16"}}).is_copy  # which it has already


def test_a_wished_rate_or_bitrate_is_never_a_copy() -> None:
    assert "fps=fps=25/1" in graph(plan({"output": {"fps": 25}}))
    made = plan({"output": {"max_bitrate_kbps": 4000}})
    assert (value(made, "-maxrate"), value(made, "-bufsize")) == ("4000k", "8000k")


def test_cropping_comes_before_scaling() -> None:
    text = graph(plan({"layout": {"target": "1:1", "fill": "crop"}}, clip(track(width=3840, height=2160))))
    assert text.index("crop=w=2160:h=2160:x=840:y=0") < text.index("scale=flags=bicubic+accurate_rnd:w=1080")


def test_a_blurred_background_is_made_small() -> None:
    text = graph(plan({"layout": {"target": "9:16"}}, clip(track(width=1920, height=1080))))
    assert "scale=w=90:h=160:force_original_aspect_ratio=increase" in text
    assert "overlay=x=0:y=656" in text


def test_a_solid_background_is_padding() -> None:
    layout = {"target": "9:16", "background": "solid", "background_colour": "#102030"}
    text = graph(plan({"layout": layout}, clip(track(width=1920, height=1080))))
    assert "pad=w=1080:h=1920:x=0:y=656:color=0x102030" in text
    assert "split" not in text


def test_a_wish_about_the_sound_alone_copies_the_picture() -> None:
    made = plan({"sound": {"volume": 0.5}})
    assert made.is_copy
    assert value(made, "-c:v") == "copy"
    assert "volume=volume=0.5" in graph(made)
    assert "[0:0]" not in graph(made)


def test_new_sound_for_webm_means_a_new_file() -> None:
    opus = AudioTrack(index=1, codec="opus", sample_rate=48_000, channels=2)
    made = plan({"sound": {"volume": 0.5}}, clip(track(codec="vp9"), container="webm", audio=(opus,)))
    assert (made.is_copy, made.container) == (False, "mp4")


def test_muting_drops_the_sound() -> None:
    assert "-c:a" not in plan({"sound": {"mute": True}}).arguments


def test_a_cut_seeks_before_decoding() -> None:
    made = plan({"time": {"trim_start_s": 1.5, "trim_end_s": 4}})
    words = made.arguments
    assert words.index("-ss") < words.index("-i")
    assert (value(made, "-ss"), value(made, "-t")) == ("1.500", "2.500")
    assert made.duration_s == 2.5


def test_quarter_speed_is_two_steps_of_half_tempo() -> None:
    text = graph(plan({"time": {"speed": 0.25}}))
    assert "setpts=expr=PTS/0.250000,fps=fps=30/1" in text
    assert text.count("atempo=tempo=0.5") == 2


def test_a_clip_of_unknown_length_ends_with_its_picture() -> None:
    made = plan({"sound": {"silent_track": True}, "effects": {"contrast": 0.1}}, clip(duration_s=0, audio=()))
    assert "-shortest" in made.arguments
