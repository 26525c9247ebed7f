from __future__ import annotations

import pytest

from subiteya.http.locale import button_of, sentence_of
from subiteya.tiktok.error_row import Row
from subiteya.tiktok.error_table import ROWS


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_every_refusal_of_tiktok_reaches_people_in_its_own_words(row: Row, language: str) -> None:
    said = sentence_of(row.error_code, {"why": "x"}, language)
    same_code = {other.es if language == "es" else other.en for other in ROWS if other.code == row.code}
    assert said in same_code


def test_a_refusal_names_the_button_that_helps() -> None:
    assert button_of("tiktok_invalid_grant") == "reconnect"
    assert button_of("tiktok_unavailable") is None


@pytest.mark.parametrize("code", ["worker_lost", "crashed", "cancelled", "tiktok_unavailable"])
def test_our_own_codes_are_said_in_two_languages(code: str) -> None:
    spanish, english = sentence_of(code, {}, "es"), sentence_of(code, {}, "en")
    assert spanish != english
    assert "our side" not in english
