from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subiteya.domain.errors import BadPattern
from subiteya.domain.pattern import Anchor, EffectsSpec, Look, PatternSpec, Quality

USER = "00000000-0000-4000-8000-000000000001"
KEY = f"assets/{USER}/{USER}.png"


def test_an_empty_pattern_asks_for_nothing() -> None:
    assert PatternSpec.parse({}).is_empty
    assert PatternSpec.parse("{}") == PatternSpec()


def test_a_logo_or_an_effect_asks_for_something() -> None:
    assert not PatternSpec.parse({"logo": {"key": KEY}}).is_empty
    assert not PatternSpec.parse({"effects": {"look": "vintage"}}).is_empty


def test_an_invisible_logo_asks_for_nothing() -> None:
    assert PatternSpec.parse({"logo": {"key": KEY, "opacity": 0}}).is_empty


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"logo": {"opacity": 2}}, "logo.opacity"),
        ({"logo": {"width_percent": "15"}}, "logo.width_percent"),
        ({"logo": {"anchor": "somewhere"}}, "logo.anchor"),
        ({"logo": {"key": "assets/../secrets.png"}}, "logo.key"),
        ({"logo": {"key": f"assets/{USER}/{USER}.svg"}}, "logo.key"),
        ({"subtitles": {"colour": "red"}}, "subtitles.colour"),
        ({"subtitles": {"enabled": "yes"}}, "subtitles.enabled"),
        ({"effects": {"vignete": 1}}, "effects.vignete"),
        ({"version": 99}, "version"),
        ({"surprise": 1}, "surprise"),
        ([1], "$"),
        ("not json", "$"),
        ('{"effects": {"contrast": NaN}}', "effects.contrast"),
    ],
)
def test_a_mistake_is_refused_by_the_name_of_its_field(data: object, field: str) -> None:
    with pytest.raises(BadPattern) as caught:
        PatternSpec.parse(data if isinstance(data, str | dict) else json.dumps(data))
    assert caught.value.context["what"] == field
    assert field in str(caught.value)


def test_every_mistake_is_listed() -> None:
    with pytest.raises(BadPattern) as caught:
        PatternSpec.parse({"logo": {"opacity": 2}, "effects": {"contrast": 9}})
    problems = caught.value.context["problems"]
    assert isinstance(problems, list)
    assert [field for field, _ in problems] == ["logo.opacity", "effects.contrast"]


def test_a_huge_specification_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadPattern, match="longer than"):
        PatternSpec.parse('{"x": "' + "a" * 100_000 + '"}')


def test_equal_patterns_have_one_canonical_text_and_hash() -> None:
    one = PatternSpec.parse({"logo": {"width_percent": 20}, "effects": {"look": "sepia"}})
    other = PatternSpec.parse('{"effects":{"look":"sepia","contrast":0},"logo":{"width_percent":20.0}}')
    assert one.canonical() == other.canonical()
    assert one.content_hash == other.content_hash
    assert one.content_hash != PatternSpec().content_hash


@given(
    st.builds(
        EffectsSpec,
        brightness=st.floats(-1, 1),
        saturation=st.floats(-1, 1),
        look=st.sampled_from(Look),
        vignette=st.floats(0, 1),
    )
)
def test_the_canonical_text_parses_back_to_the_same_pattern(effects: EffectsSpec) -> None:
    spec = PatternSpec(effects=effects)
    assert PatternSpec.parse(spec.canonical()) == spec


def test_later_layers_win_field_by_field() -> None:
    account = {"logo": {"anchor": "top_left", "opacity": 0.5}, "output": {"quality": "low"}}
    video = {"logo": {"opacity": 0.9}}
    merged = PatternSpec.merge(account, video)
    assert (merged.logo.anchor, merged.logo.opacity) == (Anchor.TOP_LEFT, 0.9)
    assert merged.output.quality is Quality.LOW


def test_the_schema_describes_every_field() -> None:
    schema = PatternSpec.model_json_schema()
    sections = [schema, *schema["$defs"].values()]
    fields = [(name, field) for section in sections for name, field in section.get("properties", {}).items()]
    assert len(fields) > 20
    assert [name for name, field in fields if not field.get("description")] == []


@pytest.mark.parametrize(
    ("anchor", "across", "down"),
    [
        (Anchor.TOP_LEFT, 0, 0),
        (Anchor.TOP, 0.5, 0),
        (Anchor.CENTER, 0.5, 0.5),
        (Anchor.RIGHT, 1, 0.5),
        (Anchor.BOTTOM_RIGHT, 1, 1),
    ],
)
def test_an_anchor_knows_its_place(anchor: Anchor, across: float, down: float) -> None:
    assert (anchor.across, anchor.down) == (across, down)


def test_every_field_that_names_a_file_is_in_the_list_of_files() -> None:
    named = {
        f"{section}.{name}"
        for section, outer in PatternSpec.model_fields.items()
        for name in getattr(outer.annotation, "model_fields", {})
        if name == "key" or name.endswith("_key")
    }
    keys = dict.fromkeys(named, f"assets/{USER}/{USER}")
    endings = {"effects.lut_key": ".cube", "sound.music_key": ".mp3"}
    spec: dict[str, dict[str, str]] = {}
    for field, key in keys.items():
        section, _, name = field.partition(".")
        spec.setdefault(section, {})[name] = key + endings.get(field, ".png")
    assert set(PatternSpec.parse(spec).asset_keys()) == named
    assert PatternSpec().asset_keys() == {}
