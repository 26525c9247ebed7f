"""Size and rate of the output, and which part of it TikTok leaves free."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from subiteya.domain.pattern import Anchor, Fill, LayoutSpec, PatternSpec
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
_DROPPED = Fraction(9, 5)  # nominal rate over average, up to which frames count as dropped
_SAME_SHAPE = Fraction(1, 200)
_ROUNDING = 4  # pixels
_FULL_SHORT_SIDE = 1080  # TikTok shows no more
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
    """The output picture: frame size, which part of the source lies where in it, and the rate."""

    width: int
    height: int
    picture: Box
    fps: Fraction
    crop: Box | None = None
    """The part of the source, in displayed pixels, that becomes the picture; all of it when None."""

    @property
    def is_filled(self) -> bool:
        """Whether the picture covers the frame."""
        return (self.picture.width, self.picture.height) == (self.width, self.height)

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

    @property
    def long_side(self) -> int:
        """What letter sizes refer to: the height, or a wide picture's width, as a phone shows it small."""
        return max(self.width, self.height)

    def at_most(self, width: int | None) -> Canvas:
        """The same canvas with fewer pixels, for previews; itself when it is no wider."""
        if width is None or self.width <= width:
            return self
        scale, box = Fraction(width, self.width), self.picture
        x, y, across, down = (round(side * scale / 2) * 2 for side in (box.x, box.y, box.width, box.height))
        frame_width, frame_height = _even(width), _even(self.height * scale)
        picture = Box(x, y, max(2, min(across, frame_width - x)), max(2, min(down, frame_height - y)))
        if self.is_filled:
            picture = Box(0, 0, frame_width, frame_height)
        return Canvas(frame_width, frame_height, picture, self.fps, self.crop)

    def fitting(self, video: VideoTrack) -> Canvas:
        """The same frame with another clip's whole picture in its middle."""
        scale = min(Fraction(self.width, video.width), Fraction(self.height, video.height))
        width, height = max(2, _even(video.width * scale)), max(2, _even(video.height * scale))
        return Canvas(self.width, self.height, _centred(width, height, self.width, self.height), self.fps)

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


def plan_canvas(video: VideoTrack, spec: PatternSpec) -> Canvas:
    """The output for a source: the wished shape and rate, as far as TikTok takes them."""
    fps = Fraction(spec.output.fps) if spec.output.fps else plan_rate(video, spec.time.speed)
    ratio, is_cropped = spec.layout.target.ratio, spec.layout.fill is Fill.CROP
    if ratio is None or abs(Fraction(video.width, video.height) / ratio - 1) < _SAME_SHAPE:
        original = _original(video, fps)
        return _closer(original, video, spec.layout) if is_cropped and spec.layout.zoom > 1 else original
    return _cropped(video, ratio, spec.layout, fps) if is_cropped else _fitted(video, ratio, fps)


def _original(video: VideoTrack, fps: Fraction) -> Canvas:
    width, height = _within_limits(video.width, video.height)
    frame_width, frame_height = max(width, TIKTOK_MIN_SIDE), max(height, TIKTOK_MIN_SIDE)
    return Canvas(frame_width, frame_height, _centred(width, height, frame_width, frame_height), fps)


def _closer(original: Canvas, video: VideoTrack, layout: LayoutSpec) -> Canvas:
    """The same frame and picture, of a part of the source that has its shape."""
    return replace(original, crop=_kept(video, Fraction(video.width), Fraction(video.height), layout))


def _cropped(video: VideoTrack, ratio: Fraction, layout: LayoutSpec, fps: Fraction) -> Canvas:
    width = min(Fraction(video.width), video.height * ratio)
    kept = _kept(video, width, width / ratio, layout)
    # Closer is no reason for a smaller frame: texts and logo would lose their sharpness.
    frame_width, frame_height = _standard(max(2, _even(width)), ratio)
    if abs(frame_width - kept.width) + abs(frame_height - kept.height) <= _ROUNDING:
        frame_width, frame_height = kept.width, kept.height  # scaling by a pixel would only soften it
    return Canvas(frame_width, frame_height, Box(0, 0, frame_width, frame_height), fps, kept)


def _kept(video: VideoTrack, width: Fraction, height: Fraction, layout: LayoutSpec) -> Box:
    """What is kept of the source: at a zoom of 1, this size."""
    zoom = Fraction(layout.zoom).limit_denominator(10_000)
    wide, high = max(2, _even(width / zoom)), max(2, _even(height / zoom))
    x = _even((video.width - wide) * layout.focus_x_percent / 100)
    y = _even((video.height - high) * layout.focus_y_percent / 100)
    return Box(x, y, wide, high)


def _fitted(video: VideoTrack, ratio: Fraction, fps: Fraction) -> Canvas:
    frame_width, frame_height = _standard(max(Fraction(video.width), video.height * ratio), ratio)
    scale = min(Fraction(frame_width, video.width), Fraction(frame_height, video.height))
    width, height = max(2, _even(video.width * scale)), max(2, _even(video.height * scale))
    return Canvas(frame_width, frame_height, _centred(width, height, frame_width, frame_height), fps)


def _standard(width: Fraction | int, ratio: Fraction) -> tuple[int, int]:
    """A frame of this shape, near this width, with a short side that TikTok takes and shows in full."""
    short = min(width, width / ratio)
    short = min(max(Fraction(short), Fraction(TIKTOK_MIN_SIDE)), Fraction(_FULL_SHORT_SIDE))
    exact = (short, short / ratio) if ratio < 1 else (short * ratio, short)
    # Rounded to the nearest even number: 1080 x 1920 must not become 1078 by a fraction.
    return round(exact[0] / 2) * 2, round(exact[1] / 2) * 2


def _centred(width: int, height: int, frame_width: int, frame_height: int) -> Box:
    return Box(_even((frame_width - width) / 2), _even((frame_height - height) / 2), width, height)


def plan_rate(video: VideoTrack, speed: float = 1.0) -> Fraction:
    """A constant rate within TikTok's limits, keeping the source's cadence.

    Slow motion shows each frame longer; fast motion keeps the rate and drops frames.
    """
    rate = _cadence(video) * min(Fraction(1), Fraction(speed).limit_denominator(1000))
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


def _cadence(video: VideoTrack) -> Fraction:
    """The rate at which the source shows frames when it drops none.

    A phone that leaves out frames lowers the average, not the grid on which the others stand: at the average
    rate they would judder. Where nearly half or more are left out, the average says more.
    """
    average, nominal = video.rate, video.nominal_rate
    if average == 0:
        return _FALLBACK_RATE
    highest = min(average * _DROPPED, Fraction(TIKTOK_MAX_FPS))
    if not video.is_constant_rate and TIKTOK_MIN_FPS <= nominal <= highest:
        return nominal
    return average


def _within_limits(width: int, height: int) -> tuple[int, int]:
    """The size scaled into TikTok's limits, even. An extreme strip stays too thin; the frame pads it."""
    scale = Fraction(1)
    if min(width, height) < TIKTOK_MIN_SIDE:
        scale = Fraction(TIKTOK_MIN_SIDE, min(width, height))
    if max(width, height) * scale > TIKTOK_MAX_SIDE:
        scale = Fraction(TIKTOK_MAX_SIDE, max(width, height))
    return max(2, _even(width * scale)), max(2, _even(height * scale))


def _even(value: Fraction | float) -> int:
    return int(value) // 2 * 2
