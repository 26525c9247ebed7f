from __future__ import annotations

from typing import Any

import pytest

from subiteya.domain.errors import BadPattern
from subiteya.domain.pattern import MergeField, PatternSpec, Version, said_in

KNOWN = {
    MergeField.VIDEO_TITLE: "Pan",
    MergeField.ACCOUNT_NICKNAME: "Luz",
    MergeField.ACCOUNT_USERNAME: "luz",
}
TITLED: dict[str, Any] = {"texts": [{"text": "{{video.title}}"}]}
NAMED: dict[str, Any] = {"texts": [{"text": "de {{ account.nickname }}"}]}


def version(spec: dict[str, Any], **other: str) -> Version:
    known = KNOWN | {MergeField(name.replace("_", ".")): value for name, value in other.items()}
    return Version.of(PatternSpec.parse(spec), known)


def test_a_version_keeps_the_values_that_its_texts_name() -> None:
    assert version({}).values == {}
    assert version(TITLED).values == {MergeField.VIDEO_TITLE: "Pan"}
    assert version({"texts": NAMED["texts"] + TITLED["texts"]}).values == {
        MergeField.ACCOUNT_NICKNAME: "Luz",
        MergeField.VIDEO_TITLE: "Pan",
    }


def test_two_accounts_share_what_comes_out_the_same() -> None:
    one, two = version(TITLED), version(TITLED, account_nickname="Sol")
    assert one.fingerprint("x") == two.fingerprint("x")
    written_otherwise = version({**TITLED, "version": 2, "logo": {"opacity": 1.0}})
    assert written_otherwise.fingerprint("x") == one.fingerprint("x")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        pytest.param(version({}), version({"effects": {"contrast": 0.1}}), id="another pattern"),
        pytest.param(version(NAMED), version(NAMED, account_nickname="Sol"), id="another name"),
        pytest.param(version(NAMED), version(TITLED, video_title="Luz"), id="another field"),
    ],
)
def test_what_comes_out_otherwise_has_another_fingerprint(one: Version, two: Version) -> None:
    assert one.fingerprint(None) != two.fingerprint(None)


def test_the_words_count_where_they_are_shown() -> None:
    shown, silent = version({}), version({"subtitles": {"source": "none"}})
    assert shown.fingerprint("a") != shown.fingerprint("b")
    assert shown.fingerprint(None) != shown.fingerprint("a")
    assert silent.fingerprint("a") == silent.fingerprint("b") == silent.fingerprint(None)


def test_a_saved_pattern_lies_under_what_is_asked_for_and_says_only_what_differs() -> None:
    saved = PatternSpec.parse(
        {"logo": {"opacity": 0.5}, "effects": {"contrast": 0.2}, "sound": {"volume": 0.5}}
    ).model_dump(mode="json")
    asked = PatternSpec.parse({"logo": {"opacity": 1.0}, "effects": {"look": "vibrant"}})

    merged = PatternSpec.merge(said_in(saved), asked.model_dump(mode="json", exclude_unset=True))

    assert merged.logo.opacity == 1.0, "asked for, though it is the default"
    assert (merged.effects.contrast, merged.effects.look.value) == (0.2, "vibrant")
    over = PatternSpec.merge(said_in(saved), said_in({"version": 1, "subtitles": {"enabled": False}}))
    assert (over.logo.opacity, over.subtitles.source.value) == (0.5, "none")
    assert said_in({}) == {}


def test_two_patterns_that_contradict_each_other_are_told() -> None:
    with pytest.raises(BadPattern, match="trim_end_s must come after trim_start_s"):
        PatternSpec.merge(said_in({"time": {"trim_end_s": 5}}), {"time": {"trim_start_s": 9}})
