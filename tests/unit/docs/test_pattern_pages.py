"""Each part of a brand pattern has a page, and each page's picture was made from the example in it."""

from __future__ import annotations

from pathlib import Path

import pattern_pictures
import pytest
from pattern_examples import PICTURES, Example, examples, is_fresh
from PIL import Image

from subiteya.domain.pattern import PatternSpec

EXAMPLES = {example.page.stem: example for example in examples()}
SPLIT = {"effects": {"effects", "colour"}}


def test_every_section_of_a_pattern_has_a_page_with_an_example_of_it() -> None:
    sections = {name for name in PatternSpec.model_fields if name != "version"}
    pages = {page for section in sections for page in SPLIT.get(section, {section})}
    assert pages == EXAMPLES.keys()
    for section in sections:
        assert all(section in EXAMPLES[page].spec for page in SPLIT.get(section, {section}))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_a_pattern_and_its_picture_was_made_from_it(name: str) -> None:
    example = EXAMPLES[name]
    PatternSpec.parse(example.spec)
    assert f"(../images/pattern/{name}.jpg)" in example.page.read_text(encoding="utf-8")
    assert is_fresh(example), "run `make docs` and commit docs/images/pattern"
    assert example.picture.stat().st_size <= pattern_pictures.MOST_BYTES


def test_no_picture_is_left_of_a_page_that_is_gone() -> None:
    there = {path.stem for path in PICTURES.iterdir()}
    assert there == EXAMPLES.keys()


def test_another_example_or_another_moment_makes_a_picture_stale(tmp_path: Path) -> None:
    first = EXAMPLES["logo"]
    other = Example(first.page, {**first.spec, "effects": {"look": "warm"}}, first.wishes)
    later = Example(first.page, first.spec, {**first.wishes, "at": "2"})
    assert len({first.fingerprint, other.fingerprint, later.fingerprint}) == 3
    assert not is_fresh(other)
    assert not is_fresh(Example(tmp_path / "nowhere.md", {}, {}))


def test_a_picture_keeps_to_its_size_and_carries_its_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pattern_examples.PICTURES", tmp_path)
    example = Example(tmp_path / "noise.md", {"effects": {"grain": 1.0}}, {})
    noise = Image.effect_noise((400, 400), 90).convert("RGB")
    pattern_pictures._save(noise, example)
    assert example.picture.stat().st_size <= pattern_pictures.MOST_BYTES
    assert is_fresh(example)
