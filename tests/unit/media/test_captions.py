from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import pysubs2
import pytest

from fixtures.probes import track
from subiteya.domain.pattern import MergeField, PatternSpec
from subiteya.domain.subtitles import Cue, Word
from subiteya.media.ass import AssFile
from subiteya.media.captions import add_captions
from subiteya.media.fonts import FontLibrary, bundled_fonts
from subiteya.media.graph import plan_canvas
from subiteya.media.texts import add_texts


@pytest.fixture(scope="module")
def fonts() -> FontLibrary:
    return bundled_fonts()


def file_of(
    fonts: FontLibrary, folder: Path, spec: Mapping[str, object], cues: Sequence[Cue] = ()
) -> pysubs2.SSAFile | None:
    pattern = PatternSpec.parse(spec)
    file = AssFile(plan_canvas(track(), pattern), fonts)
    add_captions(file, cues, pattern)
    add_texts(file, pattern, {MergeField.ACCOUNT_NICKNAME: "María", MergeField.VIDEO_TITLE: "{\\fs99}"})
    name = file.write(folder)
    return None if name is None else pysubs2.load(str(folder / name))


def written(
    fonts: FontLibrary, folder: Path, text: str, spec: Mapping[str, object] | None = None
) -> pysubs2.SSAFile:
    file = file_of(fonts, folder, {"subtitles": spec or {}}, [Cue(500, 1500, text)])
    assert file is not None
    return file


def spans(file: pysubs2.SSAFile) -> list[tuple[int, int, str]]:
    return [(event.start, event.end, event.text) for event in file.events]


def test_sizes_are_pixels_of_the_output(fonts: FontLibrary, tmp_path: Path) -> None:
    file = written(fonts, tmp_path, "Hola", {"size_percent": 5})
    assert (file.info["PlayResX"], file.info["PlayResY"]) == ("1080", "1920")
    style = file.styles["Captions"]
    assert (style.fontname, style.fontsize) == ("Manrope ExtraBold", 96)
    assert style.marginv == 480 + 58  # TikTok's caption, and 3 % of the height
    assert style.marginl == style.marginr == 140


def test_colours_and_box_are_written_as_ass_counts_them(fonts: FontLibrary, tmp_path: Path) -> None:
    spec = {"style": "box", "colour": "#112233", "box_colour": "#445566", "box_opacity": 0.75}
    style = written(fonts, tmp_path, "Hola", spec).styles["Captions"]
    assert style.primarycolor == pysubs2.Color(0x11, 0x22, 0x33, 0)
    assert style.backcolor == pysubs2.Color(0x44, 0x55, 0x66, 64)
    assert (style.borderstyle, style.outline) == (4, 0)


def test_a_run_in_another_font_is_switched_to_and_back(fonts: FontLibrary, tmp_path: Path) -> None:
    file = written(fonts, tmp_path, "ya 🚀 sí", {"size_percent": 5})
    assert file.events[0].text == r"ya {\fnNoto Emoji\fs96.0}🚀{\fnManrope ExtraBold\fs96.0} sí"
    assert {path.name for path in (tmp_path / "fonts").iterdir()} == {"NotoEmoji.ttf", "ManropeExtraBold.ttf"}


def test_a_script_with_tall_lines_is_set_larger(fonts: FontLibrary, tmp_path: Path) -> None:
    text = written(fonts, tmp_path, "مرحبا", {"size_percent": 5}).events[0].text
    assert float(text.partition(r"\fs")[2].partition("}")[0]) > 110


def test_what_libass_would_obey_is_disarmed(fonts: FontLibrary, tmp_path: Path) -> None:
    file = written(fonts, tmp_path, r"{\fs999}grande \N {x}")
    assert file.events[0].text == "\\{\\\u2060fs999\\}grande \\\u2060N \\{x\\}"


def test_lines_keep_their_breaks(fonts: FontLibrary, tmp_path: Path) -> None:
    assert written(fonts, tmp_path, "uno\ndos").events[0].text == r"uno\Ndos"


def test_text_that_no_font_has_burns_nothing(fonts: FontLibrary, tmp_path: Path) -> None:
    assert file_of(fonts, tmp_path, {}, [Cue(0, 1000, "漢字")]) is None
    assert list(tmp_path.iterdir()) == []


def test_switched_off_subtitles_burn_nothing(fonts: FontLibrary, tmp_path: Path) -> None:
    assert file_of(fonts, tmp_path, {"subtitles": {"source": "none"}}, [Cue(0, 1000, "Hola")]) is None


def test_casing_knows_spanish(fonts: FontLibrary, tmp_path: Path) -> None:
    assert written(fonts, tmp_path, "Mañana sí", {"casing": "upper"}).events[0].text == "MAÑANA SÍ"
    assert written(fonts, tmp_path, "ÑANDÚ", {"casing": "lower"}).events[0].text == "ñandú"


def test_a_long_line_is_broken_and_shown_in_steps(fonts: FontLibrary, tmp_path: Path) -> None:
    text = "una frase tan larga que no cabe ni en dos líneas de dieciocho letras cada una"
    file = written(fonts, tmp_path, text, {"max_characters": 18, "max_lines": 2})
    shown = spans(file)
    assert [shown[0][0], shown[-1][1]] == [500, 1500]
    assert all(one[1] == other[0] for one, other in pairwise(shown))
    lines = [line for _, _, step in shown for line in step.split(r"\N")]
    assert max(map(len, lines)) <= 18
    assert " ".join(lines) == text


def test_karaoke_lights_one_word_after_the_other_by_its_own_time(fonts: FontLibrary, tmp_path: Path) -> None:
    words = (Word(600, 900, "hola"), Word(1000, 1400, "mundo"))
    spec = {"subtitles": {"animation": "karaoke", "highlight_colour": "#FF8000"}}
    file = file_of(fonts, tmp_path, spec, [Cue(500, 1500, "hola mundo", words)])
    assert file is not None
    lit, back = r"{\1c&H0080FF&}", r"{\1c&HFFFFFF&}"
    assert spans(file) == [
        (500, 600, "hola mundo"),
        (600, 1000, f"{lit}hola{back} mundo"),
        (1000, 1500, f"hola{lit} mundo{back}"),
    ]


def test_words_without_times_share_their_lines_time_by_length(fonts: FontLibrary, tmp_path: Path) -> None:
    spec = {"subtitles": {"animation": "karaoke"}}
    file = file_of(fonts, tmp_path, spec, [Cue(0, 1000, "a bbbb ccc")])  # 2 + 5 + 4 parts of 11
    assert file is not None
    assert [event.start for event in file.events] == [0, 180, 640]


def test_pop_shows_one_word_at_a_time(fonts: FontLibrary, tmp_path: Path) -> None:
    spec = {"subtitles": {"animation": "pop"}}
    file = file_of(fonts, tmp_path, spec, [Cue(0, 1000, "dos palabras")])
    assert file is not None
    assert [event.plaintext for event in file.events] == ["dos", "palabras"]


def test_a_text_is_filled_and_placed(fonts: FontLibrary, tmp_path: Path) -> None:
    spec = {"texts": [{"text": "De {{ account.nickname }}", "start_s": 1.5, "end_s": 3}]}
    file = file_of(fonts, tmp_path, spec)
    assert file is not None
    assert spans(file) == [(1500, 3000, r"{\an8\pos(540,172)\q2}De María")]


def test_a_text_may_stand_anywhere(fonts: FontLibrary, tmp_path: Path) -> None:
    spec = {"texts": [{"text": "aquí", "x_percent": 25, "y_percent": 75}]}
    file = file_of(fonts, tmp_path, spec)
    assert file is not None
    assert file.events[0].text == r"{\an5\pos(270,1440)\q2}aquí"


def test_a_value_of_a_field_cannot_give_orders(fonts: FontLibrary, tmp_path: Path) -> None:
    file = file_of(fonts, tmp_path, {"texts": [{"text": "{{video.title}}"}]})
    assert file is not None
    assert file.events[0].text.endswith("\\{\\\u2060fs99\\}")


def test_a_text_whose_fields_are_empty_is_not_there(fonts: FontLibrary, tmp_path: Path) -> None:
    assert file_of(fonts, tmp_path, {"texts": [{"text": "{{account.username}}"}]}) is None


def test_a_wide_text_is_broken_evenly(fonts: FontLibrary, tmp_path: Path) -> None:
    spec = {"texts": [{"text": "un texto que es demasiado ancho para una sola línea", "size_percent": 5}]}
    file = file_of(fonts, tmp_path, spec)
    assert file is not None
    lines = file.events[0].text.partition("}")[2].split(r"\N")
    assert len(lines) == 3
    widths = [fonts.width(PatternSpec.parse(spec).texts[0].font, line) for line in lines]
    assert max(widths) < 2 * min(widths)
