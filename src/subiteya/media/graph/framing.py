"""From the source's picture to the frame: rate, crop, size, and what surrounds it."""

from __future__ import annotations

from pathlib import Path

from subiteya.domain.pattern import Background, LayoutSpec
from subiteya.domain.probe import VideoTrack
from subiteya.media.graph.canvas import Canvas
from subiteya.media.graph.filters import spell
from subiteya.media.graph.signal import convert
from subiteya.media.graph.stage import Stage

_BLUR_SHRINK = 12  # the background is blurred small: the eye cannot tell, and it costs a hundredth
_BLUR_SIGMA = 3
_DIM = 0.75  # of the background's light, so that the picture stands out


def frame_picture(stage: Stage, video: VideoTrack, speed: float = 1.0) -> None:
    """Filters that bring any source to the picture's size and colours; none for one that is there already."""
    graph, canvas = stage.graph, stage.canvas
    if video.interlaced:
        graph.pipe("bwdif=mode=send_frame")
    if speed != 1:
        graph.pipe(spell("setpts", expr=f"PTS/{speed:.6f}"))
    if not video.is_constant_rate or video.rate != canvas.fps or speed != 1:
        graph.pipe(spell("fps", fps=canvas.fps))  # before the costly filters: fewer frames
    wide_pixels = video.sar != "1/1"
    if canvas.crop is not None:
        if wide_pixels:  # the crop counts displayed pixels
            graph.pipe(spell("scale", w=video.width, h=video.height), "setsar=1")
        crop = canvas.crop
        graph.pipe(spell("crop", w=crop.width, h=crop.height, x=crop.x, y=crop.y, exact=1))
        has = (crop.width, crop.height)
    else:
        has = (video.width, video.height)
    wanted = (canvas.picture.width, canvas.picture.height)
    resized = has != wanted or (wide_pixels and canvas.crop is None)
    graph.pipe(*convert(video, stage.signal, wanted if resized else None))


def surround_picture(stage: Stage, layout: LayoutSpec, image: Path | None) -> None:
    """Fills the rest of the frame; nothing when the picture covers it.

    Args:
        stage: Its main line holds the picture in its size.
        layout: Which background.
        image: A PNG of the frame's size with a hole where the picture lies, for an image background.
    """
    canvas, picture = stage.canvas, stage.canvas.picture
    if canvas.is_filled:
        return
    if layout.background is Background.BLUR:
        stage.graph.fork(_blurred(canvas), (), spell("overlay", x=picture.x, y=picture.y, format="yuv420"))
        return
    colour = f"0x{layout.background_colour[1:]}"
    stage.graph.pipe(spell("pad", w=canvas.width, h=canvas.height, x=picture.x, y=picture.y, color=colour))
    if layout.background is Background.IMAGE and image is not None:
        # The image lies over the padded picture: one frame, blended, instead of a looped one beneath.
        label = f"[{stage.inputs.png(image)}:v]"
        stage.graph.join(label, stage.signal.overlay_from_rgb, spell("overlay", x=0, y=0, format="yuv420"))


def _blurred(canvas: Canvas) -> tuple[str, ...]:
    """The picture itself, enlarged to cover the frame, out of focus and dimmed."""
    width = max(2, canvas.width // _BLUR_SHRINK // 2 * 2)
    height = max(2, canvas.height // _BLUR_SHRINK // 2 * 2)
    return (
        spell("scale", w=width, h=height, force_original_aspect_ratio="increase", flags="area"),
        spell("crop", w=width, h=height),
        spell("gblur", sigma=_BLUR_SIGMA),
        spell("lutyuv", y=f"16+(val-16)*{_DIM}"),
        spell("scale", w=canvas.width, h=canvas.height, flags="bicubic"),
        "setsar=1",
    )
