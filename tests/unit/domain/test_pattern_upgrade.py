from __future__ import annotations

import json
from typing import Any

import pytest

from subiteya.domain.errors import BadPattern
from subiteya.domain.pattern import PatternSpec, SubtitleSource, WithoutWords
from subiteya.domain.pattern.upgrade import LATEST, upgrade

FIRST: dict[str, Any] = {
    "version": 1,
    "logo": {"opacity": 0.5},
    "subtitles": {"enabled": True, "position": "top"},
}


@pytest.mark.parametrize(("enabled", "source"), [(True, "video"), (False, "none")])
def test_the_first_version_goes_on_working_for_ever(enabled: bool, source: str) -> None:
    spec = {"version": 1, "subtitles": {"enabled": enabled}}
    for sent in (spec, json.dumps(spec), json.dumps(spec).encode()):
        assert PatternSpec.parse(sent).subtitles.source is SubtitleSource(source)
        assert PatternSpec.parse(sent).version == LATEST == PatternSpec.latest


def test_upgrading_keeps_everything_else_and_the_original() -> None:
    before = json.dumps(FIRST)
    assert upgrade(FIRST) == {
        "version": 2,
        "logo": {"opacity": 0.5},
        "subtitles": {"source": "video", "position": "top"},
    }
    assert json.dumps(FIRST) == before


def test_a_specification_that_names_no_version_is_read_in_either_words() -> None:
    assert PatternSpec.parse({"subtitles": {"enabled": False}}).subtitles.source is SubtitleSource.NONE
    assert PatternSpec.parse({"subtitles": {"source": "auto"}}).subtitles.source is SubtitleSource.AUTO
    assert upgrade({"logo": {}}) == {"logo": {}}


def test_what_was_parsed_is_upgraded_to_itself() -> None:
    stored = PatternSpec.parse(FIRST).model_dump(mode="json")
    assert upgrade(stored) == stored
    assert PatternSpec.parse(stored) == PatternSpec.parse(FIRST)


def test_layers_of_different_versions_merge() -> None:
    account = {"version": 1, "subtitles": {"enabled": False, "position": "top"}}
    video = {"version": 2, "subtitles": {"source": "auto", "without": "go_on"}}
    merged = PatternSpec.merge(account, video).subtitles
    assert (merged.source, merged.without) == (SubtitleSource.AUTO, WithoutWords.GO_ON)
    assert merged.position == "top"
    assert PatternSpec.merge(video, account).subtitles.source is SubtitleSource.NONE


def test_in_the_first_version_there_was_no_transcription() -> None:
    assert PatternSpec.parse(FIRST).subtitles.source is not SubtitleSource.AUTO


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"version": LATEST + 1}, "version"),
        ({"version": 0}, "version"),
        ({"version": "1"}, "version"),
        ({"version": True}, "version"),
        ({"version": 1.0}, "version"),
        ({"version": 1, "subtitles": {"enabled": "yes"}}, "subtitles.enabled"),
        ({"version": 1, "subtitles": {"enabled": 1}}, "subtitles.enabled"),
        ({"version": 2, "subtitles": {"enabled": True}}, "subtitles.enabled"),
        ({"version": 1, "subtitles": []}, "subtitles"),
        ({"subtitles": {"language": "español"}}, "subtitles.language"),
        ({"subtitles": {"language": "ES"}}, "subtitles.language"),
        ({"subtitles": {"without": "guess"}}, "subtitles.without"),
    ],
)
def test_a_mistake_is_told_by_its_field_whatever_the_version(spec: dict[str, Any], field: str) -> None:
    for read in (PatternSpec.parse, PatternSpec.merge):
        with pytest.raises(BadPattern) as caught:
            read(spec)
        assert caught.value.context["what"] == field
        problems = caught.value.context["problems"]
        assert isinstance(problems, list)
        assert problems[0][0] == field


def test_a_newer_version_than_ours_says_so() -> None:
    with pytest.raises(BadPattern, match=f"99 is newer than {LATEST}"):
        PatternSpec.parse({"version": 99})


@pytest.mark.parametrize("language", ["auto", "es", "en", "yue", "pt-BR", "zh-Hant-TW"])
def test_languages_are_written_as_bcp_47_writes_them(language: str) -> None:
    assert PatternSpec.parse({"subtitles": {"language": language}}).subtitles.language == language


def test_the_schema_shows_the_present_version() -> None:
    schema = PatternSpec.model_json_schema()
    assert schema["properties"]["version"]["const"] == LATEST
    section = schema["$defs"]["SubtitlesSpec"]["properties"]
    assert {"source", "language", "without"} <= section.keys()
    assert "enabled" not in section
