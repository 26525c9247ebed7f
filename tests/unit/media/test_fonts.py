from __future__ import annotations

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from subiteya.domain.pattern import Font
from subiteya.media.fonts import FontLibrary, bundled_fonts


@pytest.fixture(scope="module")
def fonts() -> FontLibrary:
    return bundled_fonts()


def families(fonts: FontLibrary, text: str, font: Font = Font.MANROPE) -> list[tuple[str, str]]:
    return [(run.face.family, run.text) for run in fonts.runs(font, text)]


@pytest.mark.parametrize("font", list(Font))
def test_every_face_has_spanish_and_english(fonts: FontLibrary, font: Font) -> None:
    text = "¡Mañana comió el pingüino! ¿Qué? ÁÉÍÓÚÑ “quotes” — 100% €5…"
    assert families(fonts, text, font) == [(fonts.faces[font].family, text)]


def test_emoji_and_their_joined_families_go_to_the_emoji_font(fonts: FontLibrary) -> None:
    assert families(fonts, "ya 🚀👨‍👩‍👧 ❤️") == [
        ("Manrope ExtraBold", "ya "),
        ("Noto Emoji", "🚀👨‍👩‍👧"),
        ("Manrope ExtraBold", " "),
        ("Noto Emoji", "❤️"),
    ]


def test_a_skin_tone_and_a_flag_stay_whole(fonts: FontLibrary) -> None:
    assert families(fonts, "👍🏽🇪🇸") == [("Noto Emoji", "👍🏽🇪🇸")]


def test_words_of_another_script_stay_one_run_with_their_spaces(fonts: FontLibrary) -> None:
    assert families(fonts, "hola مرحبا بالعالم") == [
        ("Manrope ExtraBold", "hola "),
        ("Noto Sans Arabic", "مرحبا بالعالم"),
    ]


def test_what_no_font_has_is_left_out(fonts: FontLibrary) -> None:
    assert families(fonts, "a漢字b\U0010fffdc") == [("Manrope ExtraBold", "abc")]


def test_combining_accents_stay_with_their_letter(fonts: FontLibrary) -> None:
    assert "".join(text for _, text in families(fonts, "cafe\u0301")) == "cafe\u0301"


def test_a_variable_font_is_written_bold_and_only_as_far_as_needed(
    fonts: FontLibrary, tmp_path: Path
) -> None:
    fonts.emoji.write(tmp_path, "🚀")
    (written,) = tmp_path.iterdir()
    with TTFont(written) as font:
        assert "fvar" not in font
        assert font["OS/2"].usWeightClass == 700
        assert set(font.getBestCmap()) == {ord("🚀")}
    assert written.stat().st_size < 50_000


@pytest.mark.parametrize("text", ["שלום", "مرحبا", "नमस्ते", "สวัสดี", "Γειά"])
def test_a_written_font_has_the_family_name_by_which_libass_looks_for_it(
    fonts: FontLibrary, tmp_path: Path, text: str
) -> None:
    """Some fonts tell their lightest cut in it ("Noto Sans Hebrew Light"), and would not be found."""
    (run,) = fonts.runs(Font.NOTO_SANS, text)
    run.face.write(tmp_path, text)
    (file,) = tmp_path.iterdir()
    with TTFont(file) as font:
        assert font["name"].getDebugName(1) == run.face.family
