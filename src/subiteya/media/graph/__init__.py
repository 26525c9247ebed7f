"""The compiler: pattern + probe + assets become one FFmpeg command. Pure: nothing here touches a file.

`compile_edit` joins the pieces; each feature is a module that contributes filters:

    canvas    size, rate and safe areas of the output
    signal    what the source's colours mean, and how to make them 8-bit limited SDR
    framing   rate, crop, size, and what surrounds the picture
    colour    adjustments, looks (`looks`, `tone`) and tables, folded into as few filters as possible
    texture   noise, shake, sharpness, softness, grain
    logo      the overlay
    encode    the encoders' operating points
    copying   when and how a source passes untouched
"""

from __future__ import annotations

from subiteya.media.graph.assets import Assets, LogoImage
from subiteya.media.graph.canvas import Box, Canvas, plan_canvas
from subiteya.media.graph.compiler import SHAKE_FILE, EditPlan, compile_edit, compile_shake_measure

__all__ = [
    "SHAKE_FILE",
    "Assets",
    "Box",
    "Canvas",
    "EditPlan",
    "LogoImage",
    "compile_edit",
    "compile_shake_measure",
    "plan_canvas",
]
