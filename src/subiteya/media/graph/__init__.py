"""The compiler: pattern + probe + assets become one FFmpeg command. Pure: nothing here touches a file.

`compile_edit` joins the pieces; each feature is a module that contributes filters:

    canvas    size, rate and safe areas of the output
    signal    what the source's colours mean, and how to make them 8-bit limited SDR
    framing   rate, crop, size, and what surrounds the picture
    colour    adjustments, looks (`looks`, `tone`) and tables, folded into as few filters as possible
    texture   noise, shake, sharpness, softness, grain
    logo      the overlay
    timeline  intro, clip and outro one after the other
    sound     the clip's own, music, loudness
    excerpt   parts of an edit for the eye
    window    which seconds of intro, clip and outro such a part is made of
    stretch   parts of an edit for several workers, and their joining
    encode    the encoders' operating points
    copying   when and how a source passes untouched
"""

from __future__ import annotations

from subiteya.media.graph.assets import Assets, LogoImage, Segment
from subiteya.media.graph.canvas import Box, Canvas, plan_canvas
from subiteya.media.graph.compiler import (
    SHAKE_FILE,
    EditPlan,
    compile_edit,
    compile_loudness_measure,
    compile_shake_measure,
)
from subiteya.media.graph.excerpt import (
    SHORT_SIDE,
    compile_excerpt,
    compile_proxy,
    compile_small,
    compile_still,
)
from subiteya.media.graph.sound import Loudness
from subiteya.media.graph.stretch import compile_join, compile_stretch
from subiteya.media.graph.timeline import Timeline, plan_timeline
from subiteya.media.graph.window import Window

__all__ = [
    "SHAKE_FILE",
    "SHORT_SIDE",
    "Assets",
    "Box",
    "Canvas",
    "EditPlan",
    "LogoImage",
    "Loudness",
    "Segment",
    "Timeline",
    "Window",
    "compile_edit",
    "compile_excerpt",
    "compile_join",
    "compile_loudness_measure",
    "compile_proxy",
    "compile_shake_measure",
    "compile_small",
    "compile_still",
    "compile_stretch",
    "plan_canvas",
    "plan_timeline",
]
