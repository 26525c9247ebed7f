from __future__ import annotations

from pathlib import Path

import pysubs2
import pytest

from fixtures.probes import track
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.subtitles import Cue
from subiteya.media.captions import write_captions
from subiteya.media.fonts import FontLibrary, bundled_fonts
from subiteya.media.graph import plan_canvas


@pytest.fixture(scope="module")
def fonts() -> FontLibrary:
    return bundled_fonts()


def written(
    fonts: FontLibrary, folder: Path, text: str, spec: dict[str, object] | None = None
) -> pysubs2.SSAFile:
    pattern = PatternSpec.parse({"subtitles": spec or {}})
    name = write_captions([Cue(500, 1500, text)], pattern, plan_canvas(track()), fonts, folder)
    assert name is not None
    return pysubs2.load(str(folder / name))


def test_sizes_are_pixels_of_the_output(fonts: FontLibrary, tmp_path: Path) -> None:
    file = written(fonts, tmp_path, "Hola", {"size_percent": 5})
    assert (file.info["PlayResX"], file.info["PlayResY"]) == ("1080", "1920")
    style = file.styles["Default"]
    assert (style.fontname, style.fontsize) == ("Manrope ExtraBold", 96)
    assert style.marginv == 480 + 58  # TikTok's caption, and 3 % of the height
    assert style.marginl == style.marginr == 140


def test_colours_and_box_are_written_as_ass_counts_them(fonts: FontLibrary, tmp_path: Path) -> None:
    spec = {"style": "box", "colour": "#112233", "box_colour": "#445566", "box_opacity": 0.75}
    style = written(fonts, tmp_path, "Hola", dict(spec)).styles["Default"]
    assert style.primarycolor == pysubs2.Color(0x11, 0x22, 0x33, 0)
    assert style.backcolor == pysubs2.Color(0x44, 0x55, 0x66, 64)
    assert (style.borderstyle, style.outline) == (4, 0)


def test_a_run_in_another_font_is_switched_to_and_back(fonts: FontLibrary, tmp_path: Path) -> None:
    file = written(fonts, tmp_path, "ya 🚀 sí")
    assert file.events[0].text == r"ya {\fnNoto Emoji}🚀{\fnManrope ExtraBold} sí"
    assert {path.name for path in (tmp_path / "fonts").iterdir()} == {"NotoEmoji.ttf", "ManropeExtraBold.ttf"}


def test_what_libass_would_obey_is_disarmed(fonts: FontLibrary, tmp_path: Path) -> None:
    file = written(fonts, tmp_path, r"{\fs999}grande \N {x}")
    assert file.events[0].text == "\\{\\\u2060fs999\\}grande \\\u2060N \\{x\\}"


def test_lines_keep_their_breaks(fonts: FontLibrary, tmp_path: Path) -> None:
    assert written(fonts, tmp_path, "uno\ndos").events[0].text == r"uno\Ndos"


def test_text_that_no_font_has_burns_nothing(fonts: FontLibrary, tmp_path: Path) -> None:
    cues = [Cue(0, 1000, "漢字")]
    assert write_captions(cues, PatternSpec(), plan_canvas(track()), fonts, tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_switched_off_subtitles_burn_nothing(fonts: FontLibrary, tmp_path: Path) -> None:
    spec = PatternSpec.parse({"subtitles": {"enabled": False}})
    assert write_captions([Cue(0, 1000, "Hola")], spec, plan_canvas(track()), fonts, tmp_path) is None
