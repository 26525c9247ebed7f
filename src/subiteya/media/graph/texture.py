"""What happens to detail: noise, shake, sharpness, softness, grain."""

from __future__ import annotations

from subiteya.domain.pattern import EffectsSpec
from subiteya.media.graph.canvas import Canvas
from subiteya.media.graph.filters import spell

_DENOISE, _SHARPEN, _GRAIN = 8.0, 1.4, 34.0  # strengths of FFmpeg's filters at full effect
_BLUR = 0.012  # of the width: the radius of the full blur


def clean(effects: EffectsSpec, canvas: Canvas, shake: str | None) -> tuple[str, ...]:
    """Before anything is drawn around or over the picture.

    Args:
        effects: The wish.
        canvas: For the rate, over half a second of which the camera's way is smoothed.
        shake: Name of the file in which `measure_shake` wrote the camera's way; not steadied without.
    """
    filters = _denoise(effects)
    if effects.stabilise and shake is not None:
        smoothing = max(1, round(canvas.fps / 2))
        filters.append(
            spell("vidstabtransform", input=shake, smoothing=smoothing, optzoom=1, interpol="bilinear")
        )
    return tuple(filters)


def measure_shake(effects: EffectsSpec, file: str) -> tuple[str, ...]:
    """For a pass of its own: the same picture as `clean` gets, followed from frame to frame."""
    return (*_denoise(effects), spell("vidstabdetect", result=file, shakiness=6, accuracy=9))


def _denoise(effects: EffectsSpec) -> list[str]:
    return [spell("hqdn3d", luma_spatial=effects.denoise * _DENOISE)] if effects.denoise > 0 else []


def finish(effects: EffectsSpec, canvas: Canvas) -> tuple[str, ...]:
    """After the colours, before the logo: that stays crisp."""
    filters = []
    if effects.blur > 0:
        filters.append(spell("gblur", sigma=effects.blur * _BLUR * canvas.width, steps=2))
    if effects.sharpen > 0:
        filters.append(spell("unsharp", lx=5, ly=5, la=effects.sharpen * _SHARPEN, ca=0))
    if effects.grain > 0:
        filters.append(spell("noise", c0s=round(effects.grain * _GRAIN), c0f="t+u"))
    return tuple(filters)
