"""The preview tells the truth: for every field of the pattern, it shows the frame that the edit will make.

The cases are read against the pattern's schema: a field that is new and stands in no case fails the test.
Each field also proves that it counts: a preview without it is outside of the tolerance.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from integration.media.parity import (
    SOUND,
    Stills,
    apart,
    bands,
    finish,
    is_same,
    on_screen,
    show,
    show_clip,
)
from integration.media.parity_cases import (
    CASES,
    NOT_SHOWN,
    SOUNDS,
    Files,
    paths,
    schema_paths,
    without,
)
from integration.media.studio import Pixels, Studio, sound_of
from subiteya.media.edit import Editor
from subiteya.media.preview import CLIP_SECONDS
from subiteya.media.probe import probe


@pytest.fixture(scope="module")
def files(editor: Editor, tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(Studio(editor, tmp_path_factory.mktemp("files")))


def test_every_field_of_the_pattern_is_compared_or_excused() -> None:
    tried = {path for case in (*CASES.values(), *SOUNDS.values()) for path in paths(case.spec)}
    assert tried | set(NOT_SHOWN) == set(schema_paths())
    assert not tried & set(NOT_SHOWN)


@pytest.mark.parametrize("name", CASES)
async def test_a_preview_is_the_frame_of_the_finished_clip(studio: Studio, files: Files, name: str) -> None:
    case, stills = CASES[name], Stills()
    made = await files.ingredients(case.spec, case.source)
    clip = await finish(studio, made)
    finished = [on_screen(clip, second) for second in case.seconds]

    for second, frame in zip(case.seconds, finished, strict=True):
        shown = await show(studio, made, second, stills)
        assert is_same(shown, frame), f"at {second} s: {apart(shown, frame)}"

    for path in paths(case.spec):
        bare = await files.ingredients(without(case.spec, path), case.source)
        for second, frame in zip(case.seconds, finished, strict=True):
            if not is_same(await show(studio, bare, second, stills), frame):
                break
        else:
            pytest.fail(f"{path} makes no difference here, so the case proves nothing about it")


async def test_also_at_the_lowest_quality_the_tolerance_holds(studio: Studio, files: Files) -> None:
    spec = {"output": {"quality": "low"}, "effects": {"look": "cinematic"}}
    made = await files.ingredients(spec, "card")
    shown, frame = await show(studio, made, 0.8), on_screen(await finish(studio, made), 0.8)
    assert is_same(shown, frame), apart(shown, frame)


async def test_grain_is_as_strong_as_in_the_finished_clip(studio: Studio) -> None:
    """Grain is thrown anew for each frame, so that only its strength can be the same."""
    grey = studio.flat("0x808080", size="1080x1920", seconds=0.2)
    made = await studio.ingredients(grey, {"effects": {"grain": 0.6}, "output": {"quality": "ultra"}})
    shown, frame = await show(studio, made, 0.1), on_screen(await finish(studio, made), 0.1)
    small = frame.reshape(960, 2, 540, 2, 3).mean(axis=(1, 3))
    assert shown.std() > 2
    assert shown.std() == pytest.approx(small.std(), rel=0.35)


def heard(studio: Studio, clip: Path, start: float = 0.0) -> Any:
    """Three seconds of a clip's sound, in bands."""
    sound = sound_of(studio.editor.ffmpeg, clip)[int(start * 8000) :]
    return bands(sound[: int(CLIP_SECONDS * 8000)])


@pytest.mark.parametrize("name", SOUNDS)
async def test_a_preview_sounds_like_the_finished_clip(studio: Studio, files: Files, name: str) -> None:
    case = SOUNDS[name]
    made = await files.ingredients(case.spec, case.source)
    clip = await finish(studio, made)
    finished = [heard(studio, clip, second) for second in case.seconds]

    for second, wanted in zip(case.seconds, finished, strict=True):
        assert np.abs(heard(studio, await show_clip(studio, made, second)) - wanted).max() < SOUND

    for path in paths(case.spec):
        bare = await files.ingredients(without(case.spec, path), case.source)
        otherwise = await show_clip(studio, bare, case.seconds[0])
        is_silent = not (await probe(otherwise)).audio
        assert is_silent or np.abs(heard(studio, otherwise) - finished[0]).max() > SOUND, path


async def test_each_frame_of_a_clip_is_that_of_the_finished_one(studio: Studio, files: Files) -> None:
    made = await files.ingredients(CASES["between intro and outro"].spec, "card")
    clip, finished = await show_clip(studio, made, 0.3, seconds=1.4), await finish(studio, made)
    for moment in (0.0, 0.25, 0.7, 1.2, 1.35):
        shown, frame = on_screen(clip, moment), on_screen(finished, 0.3 + moment)
        assert is_same(shown, frame), f"at {moment} s: {apart(shown, frame)}"


def test_the_tolerance_is_not_so_wide_that_nothing_matters() -> None:
    grey: Pixels = np.full((960, 540, 3), 128, np.int16)
    letter = grey.copy()
    letter[320:336, 160:176, :] = 255
    assert is_same(grey, grey + 2)
    assert not is_same(grey, grey + 4)
    assert not is_same(grey, letter)
