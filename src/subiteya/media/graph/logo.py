"""The logo's place in the graph."""

from __future__ import annotations

from subiteya.domain.pattern import LogoSpec, PatternSpec
from subiteya.media.graph.assets import LogoImage
from subiteya.media.graph.canvas import Box, Canvas
from subiteya.media.graph.filters import spell
from subiteya.media.graph.stage import Stage


def overlay_logo(stage: Stage, pattern: PatternSpec, logo: LogoImage, end_s: float) -> None:
    """Draws the logo over the main line. Its size and opacity are in the image already.

    Args:
        stage: The main line.
        pattern: Where and when.
        logo: The image.
        end_s: When the main line ends; 0 when unknown.
    """
    spec = pattern.logo
    number = stage.inputs.png(logo.path, _fade_frames(spec, stage.canvas, end_s))
    place = logo_box(pattern, logo, stage.canvas)
    prepare = list(stage.signal.overlay_from_rgb)
    if spec.fade_in_s > 0:
        prepare.append(spell("fade", t="in", st=spec.start_s, d=spec.fade_in_s, alpha=1))
    window: dict[str, str] = {}
    if spec.end_s is not None:
        window = {"enable": f"between(t,{spec.start_s:.3f},{spec.end_s:.3f})"}
    elif spec.start_s > 0:
        window = {"enable": f"gte(t,{spec.start_s:.3f})"}
    stage.graph.join(
        f"[{number}:v]", tuple(prepare), spell("overlay", x=place.x, y=place.y, format="yuv420", **window)
    )


def logo_box(pattern: PatternSpec, logo: LogoImage, canvas: Canvas) -> Box:
    """Where the logo stands, in pixels of the frame."""
    return Box(*_corner(pattern, logo, canvas), logo.width, logo.height)


def _fade_frames(spec: LogoSpec, canvas: Canvas, end_s: float) -> list[str]:
    """Input options: as many frames as a fade lasts, else the one that the file has.

    The overlay repeats the last frame, so no frame of the logo is made for the rest of the clip. It would
    repeat the picture's last one too for as long as the logo goes on: a fade must not outlast the clip.
    """
    if spec.fade_in_s == 0:
        return []
    seconds = spec.start_s + spec.fade_in_s + 2 / canvas.fps
    if end_s > 0:
        seconds = min(seconds, max(end_s - 0.5 / canvas.fps, 0.5 / canvas.fps))
    rate = f"{canvas.fps.numerator}/{canvas.fps.denominator}"
    return ["-loop", "1", "-framerate", rate, "-t", f"{float(seconds):.3f}"]


def _corner(pattern: PatternSpec, logo: LogoImage, canvas: Canvas) -> tuple[int, int]:
    spec = pattern.logo
    if spec.centre is not None:
        x = spec.centre[0] * canvas.width - logo.width / 2
        y = spec.centre[1] * canvas.height - logo.height / 2
        # Wholly inside the frame: half a logo is a mistake more often than a wish.
        x = min(max(x, 0), max(0, canvas.width - logo.width))
        y = min(max(y, 0), max(0, canvas.height - logo.height))
        return round(x / 2) * 2, round(y / 2) * 2
    margin = round(canvas.width * spec.margin_percent / 100)
    return canvas.place(logo.width, logo.height, spec.anchor, margin, safe=pattern.layout.safe_areas)
