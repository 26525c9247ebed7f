"""Subtitles word by word, as pixels: which word is lit or shown when, on which side, with its accents."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from integration.media.studio import Pixels, Studio, box_of, frames, is_red, is_white
from subiteya.domain.subtitles import Cue, Word

SIZE, GREY = "540x960", "0x303030"
LIT = "#FF0000"
STARTS = (0, 400, 1300, 1600)
END = 2000


def cue(*texts: str) -> Cue:
    """Words with uneven times of their own."""
    starts = STARTS[: len(texts)]
    words = [
        Word(start, end, text) for text, (start, end) in zip(texts, pairwise([*starts, END]), strict=True)
    ]
    return Cue(0, END, " ".join(texts), tuple(words))


def middles(count: int) -> list[float]:
    """A moment within the time of each word, by which it has popped up."""
    return [end / 1000 - 0.1 for _, end in pairwise([*STARTS[:count], END])]


async def seen(studio: Studio, said: Cue, seconds: list[float], **wishes: object) -> list[Pixels]:
    spec = {
        "subtitles": {"size_percent": 4.5, "outline_percent": 0, "highlight_colour": LIT, **wishes},
        "output": {"quality": "ultra"},
    }
    plan = await studio.edit(studio.flat(GREY, SIZE, seconds=2), spec, cues=[said])
    return frames(plan.output, seconds)


async def test_karaoke_lights_each_word_in_its_own_time_and_no_other(studio: Studio) -> None:
    moments = [0.05, 0.3, 0.45, 1.2, 1.5, 1.9]
    pictures = await seen(studio, cue("MM", "HHH", "NN", "WWW"), moments, animation="karaoke")
    first, again, second, later, third, fourth = (box_of(is_red(picture)) for picture in pictures)
    for left, right in pairwise([first, second, third, fourth]):
        assert left[2] < right[0]  # one after the other, from left to right
    assert (first, second) == (again, later)  # from its first moment to its last
    drawn = [box_of(is_red(picture) | is_white(picture)) for picture in pictures]
    assert all(box == pytest.approx(drawn[0], abs=2) for box in drawn)  # nothing moves


async def test_karaoke_of_a_script_from_right_to_left_runs_from_right_to_left(studio: Studio) -> None:
    said = cue("שלום", "עולם", "טוב")
    pictures = await seen(studio, said, middles(3), animation="karaoke", size_percent=8)
    lit = [box_of(picture[..., 0] - picture[..., 1] > 80) for picture in pictures]
    for first, second in pairwise(lit):
        assert second[2] < first[0]


async def test_arabic_letters_stay_joined_while_their_word_is_lit(studio: Studio) -> None:
    """A colour in the middle of a line must not part what is written in one stroke."""
    said, size = cue("مرحبا", "بالعالم"), 8
    lit = await seen(
        studio, said, middles(2), animation="karaoke", size_percent=size, highlight_colour="#FFFFFE"
    )
    (plain,) = await seen(studio, said, [0.2], size_percent=size)
    for picture in lit:
        assert (is_white(picture) != is_white(plain)).sum() < 0.02 * is_white(plain).sum()


async def test_pop_shows_each_word_alone_and_in_the_middle(studio: Studio) -> None:
    pictures = await seen(studio, cue("I", "MM", "MMMM", "MMMMMM"), middles(4), animation="pop")
    boxes = [box_of(is_white(picture)) for picture in pictures]
    widths = [right - left for left, _, right, _ in boxes]
    for left, right in pairwise(widths):
        assert right > 1.3 * left
    assert [(left + right) / 2 for left, _, right, _ in boxes] == pytest.approx([270] * 4, abs=4)


@pytest.mark.parametrize("animation", ["karaoke", "pop"])
async def test_words_keep_their_accents(studio: Studio, animation: str) -> None:
    """What stands above the capitals is there, and nothing else differs."""
    plain, accented = [
        is_white((await seen(studio, cue(word), [1.0], animation=animation, highlight_colour="#FFFFFF"))[0])
        for word in ("AEN", "ÁÉÑ")
    ]
    bare, marked = box_of(plain), box_of(accented)
    assert marked[3] == pytest.approx(bare[3], abs=1)  # on the same line
    assert bare[1] - marked[1] > 0.12 * (bare[3] - bare[1])  # higher by the accents
    above = np.asarray(accented)[marked[1] : bare[1] - 1].max(axis=0).astype(int)
    assert (np.diff(above, prepend=0) == 1).sum() >= 3  # three marks, each for itself
