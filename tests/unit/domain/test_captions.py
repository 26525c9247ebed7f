from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subiteya.domain.captions import MAX_UNITS, check_caption, utf16_units
from subiteya.domain.errors import BadCaption, CaptionTooLong


@pytest.mark.parametrize(("text", "units"), [("", 0), ("ñandú", 5), ("😀", 2), ("👩‍👩‍👧", 8), ("日本", 2)])
def test_length_is_what_javascript_would_say(text: str, units: int) -> None:
    assert utf16_units(text) == units


@given(st.text())
def test_length_is_that_of_the_utf16_encoding(text: str) -> None:
    assert utf16_units(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize("text", ["a" * MAX_UNITS, "😀" * (MAX_UNITS // 2), ""])
def test_a_caption_of_just_the_limit_is_taken(text: str) -> None:
    assert check_caption(text) == text


@pytest.mark.parametrize(("text", "over"), [("a" * 2201, 1), ("😀" * 1101, 2), ("a" * 2199 + "😀", 1)])
def test_a_longer_caption_is_refused_with_what_is_too_much(text: str, over: int) -> None:
    with pytest.raises(CaptionTooLong, match=f"is {over} characters too long") as refused:
        check_caption(text)
    assert refused.value.context["over"] == over


def test_a_caption_as_a_browser_sends_it_counts_each_line_break_once() -> None:
    assert check_caption("uno\r\ndos\rtres\u2028#fin ") == "uno\ndos\ntres\n#fin "
    assert len(check_caption("\r\n" * MAX_UNITS)) == MAX_UNITS


@pytest.mark.parametrize("text", ["half \ud83d", "nul\x00", "bell\x07", "escape\x1b[0m"])
def test_what_cannot_be_sent_is_refused(text: str) -> None:
    with pytest.raises(BadCaption):
        check_caption(text)


def test_tabs_marks_and_joiners_stay() -> None:
    text = "a\tb \u200f שלום 👩‍👩‍👧 #étiqueta @quien "
    assert check_caption(text) == text
