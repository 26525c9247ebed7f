"""Size and rate of the output, and which part of it TikTok leaves free."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from subiteya.domain.pattern import Anchor
from subiteya.domain.probe import (
    TIKTOK_MAX_FPS,
    TIKTOK_MAX_SIDE,
    TIKTOK_MIN_FPS,
    TIKTOK_MIN_SIDE,
    VideoTrack,
)

_STANDARD_RATES = (
    Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30),
    Fraction(48), Fraction(50), Fraction(60000, 1001), Fraction(60),
)  # fmt: skip
_SNAP = Fraction(1, 500)  # the measured rate of a short clip is a little off
_FALLBACK_RATE = Fraction(30)  # when a file does not say
# TikTok's screen and what its app draws over it (facts measured on 1080x1920, varies with caption length).
_SCREEN = (1080, 1920)
_COVERED_TOP, _COVERED_RIGHT, _COVERED_BOTTOM, _COVERED_LEFT = 130, 140, 480, 60


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, from the top left corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Canvas:
    """The output picture: frame size, where the source's picture lies in it, and the rate."""

    width: int
    height: int
    picture: Box
    fps: Fraction

    @property
    def frame(self) -> Box:
        """The whole frame."""
        return Box(0, 0, self.width, self.height)

    @property
    def free(self) -> Box:
        """The part of the frame that TikTok's app does not draw over.

        The app fits a video into the screen; what its header, buttons and caption cover is taken back into
        the video's own pixels. A landscape video in the middle of the screen loses nothing above or below.
        """
        scale = min(_SCREEN[0] / self.width, _SCREEN[1] / self.height)
        side = (_SCREEN[0] - self.width * scale) / 2
        above = (_SCREEN[1] - self.height * scale) / 2
        left, right = (max(0.0, covered - side) / scale for covered in (_COVERED_LEFT, _COVERED_RIGHT))
        top, bottom = (max(0.0, covered - above) / scale for covered in (_COVERED_TOP, _COVERED_BOTTOM))
        return Box(
            round(left), round(top), round(self.width - left - right), round(self.height - top - bottom)
        )

    def area(self, *, safe: bool) -> Box:
        """Where overlays may stand."""
        return self.free if safe else self.frame

    def place(self, width: int, height: int, anchor: Anchor, margin: int, *, safe: bool) -> tuple[int, int]:
        """Where the top left corner of something goes that keeps to `anchor` with `margin` from the edges.

        What is centred is centred on the frame: TikTok's buttons are wider on one side, and a little off the
        middle looks like a mistake. Even numbers, because a chroma pixel is two pixels wide and high.
        """
        area = self.area(safe=safe)
        x = _along(anchor.across, margin, width, (area.x, area.x + area.width, self.width))
        y = _along(anchor.down, margin, height, (area.y, area.y + area.height, self.height))
        return max(0, round(x / 2) * 2), max(0, round(y / 2) * 2)


def _along(share: float, margin: int, length: int, edges: tuple[int, int, int]) -> float:
    low, high, whole = edges
    if share == 0:
        return low + margin
    return high - margin - length if share == 1 else (whole - length) / 2


def plan_canvas(video: VideoTrack) -> Canvas:
    """The output for a source: its own displayed size and rate, as far as TikTok takes them."""
    width, height = _fitted(video.width, video.height)
    frame_width, frame_height = max(width, TIKTOK_MIN_SIDE), max(height, TIKTOK_MIN_SIDE)
    picture = Box(_even((frame_width - width) / 2), _even((frame_height - height) / 2), width, height)
    return Canvas(frame_width, frame_height, picture, plan_rate(video))


def plan_rate(video: VideoTrack) -> Fraction:
    """A constant rate within TikTok's limits, keeping the source's cadence."""
    rate = video.rate or _FALLBACK_RATE
    near = min(_STANDARD_RATES, key=lambda standard: abs(standard - rate))
    if abs(near / rate - 1) < _SNAP:
        return near
    if not video.is_constant_rate and TIKTOK_MIN_FPS <= rate <= TIKTOK_MAX_FPS:
        return near
    while rate > TIKTOK_MAX_FPS * (1 + _SNAP):
        rate /= 2  # every second frame: even motion
    if rate < TIKTOK_MIN_FPS:
        rate *= -(-TIKTOK_MIN_FPS // rate)  # each frame shown a whole number of times
    # Halving and doubling may leave an odd number such as 27.5, which is fine, or 90 million, which is not.
    return min(rate, Fraction(TIKTOK_MAX_FPS)).limit_denominator(1001)


def _fitted(width: int, height: int) -> tuple[int, int]:
    """The size scaled into TikTok's limits, even. An extreme strip stays too thin; the frame pads it."""
    scale = Fraction(1)
    if min(width, height) < TIKTOK_MIN_SIDE:
        scale = Fraction(TIKTOK_MIN_SIDE, min(width, height))
    if max(width, height) * scale > TIKTOK_MAX_SIDE:
        scale = Fraction(TIKTOK_MAX_SIDE, max(width, height))
    return max(2, _even(width * scale)), max(2, _even(height * scale))


def _even(value: Fraction | float) -> int:
    return int(value) // 2 * 2
