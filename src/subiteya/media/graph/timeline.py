"""Intro, clip and outro one after the other, cut or melted, picture and sound alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from subiteya.domain.pattern import LayoutSpec, TimeSpec
from subiteya.media.graph.assets import Assets, Segment
from subiteya.media.graph.filters import Graph, spell
from subiteya.media.graph.framing import frame_picture, surround_picture
from subiteya.media.graph.sound import exactly, segment_sound
from subiteya.media.graph.stage import Stage

_BLUR = LayoutSpec()
_HAIR_OF_A_FRAME = 1e-3
_LONGEST_HOLD_S = 900.0  # a file may claim any length, and its last frame would stand for as long


@dataclass(frozen=True, slots=True)
class Timeline:
    """When what is shown. Seconds."""

    intro_s: float
    shown_s: float
    outro_s: float
    fade_s: float
    before_s: float = 0.0
    """Of the output before all this, when only a part of it is made."""
    after_s: float = 0.0
    """Of the output after it."""

    @property
    def total_s(self) -> float:
        """Length of the output; 0 when the clip's own is unknown."""
        if self.shown_s == 0:
            return 0.0
        fades = sum(1 for part in (self.intro_s, self.outro_s) if part > 0) * self.fade_s
        return self.intro_s + self.shown_s + self.outro_s - fades


def plan_timeline(spec: TimeSpec, assets: Assets, duration_s: float, fps: Fraction) -> Timeline:
    """The parts, with a fade that is never longer than half of the shortest.

    Where parts are joined, each is a whole number of frames: `xfade` keeps the clocks of both its pictures,
    and they would meet between two frames.
    """
    shown = spec.shown_s(duration_s)
    if assets.intro is None and assets.outro is None:
        return Timeline(0.0, shown, 0.0, 0.0)
    intro = _in_frames(assets.intro.seconds, fps) if assets.intro else 0.0
    outro = _in_frames(assets.outro.seconds, fps) if assets.outro else 0.0
    shown = _in_frames(shown, fps) if shown else 0.0
    shortest = min((part for part in (intro, shown, outro) if part > 0), default=0.0)
    fade = math.floor(min(spec.crossfade_s, shortest / 2) * fps + _HAIR_OF_A_FRAME) / fps if shown else 0
    return Timeline(intro, shown, outro, float(fade))


def frames_of_cut(spec: TimeSpec, assets: Assets, fps: Fraction) -> int | None:
    """How many frames the output has at the most, where the pattern says when the clip ends.

    Of itself the picture goes on for as long as its last frame stands in the source, at the output's speed.

    Returns:
        None where nothing is cut off the end, or intro and outro give the parts their lengths.
    """
    if spec.trim_end_s is None or assets.intro is not None or assets.outro is not None:
        return None
    return max(1, math.ceil(spec.shown_s(0.0) * fps - _HAIR_OF_A_FRAME))


def _in_frames(seconds: float, fps: Fraction) -> float:
    return float(max(1, round(seconds * fps)) / fps)


def join_segments(stage: Stage, sound: Graph | None, assets: Assets, timeline: Timeline) -> None:
    """Puts intro and outro around the main lines; nothing when there are none.

    Args:
        stage: Its main line is the finished picture of the clip.
        sound: Main line of the sound; None when the output has none.
        assets: With the segments.
        timeline: Their lengths.
    """
    if assets.intro is None and assets.outro is None:
        return
    _even_out(stage, timeline.shown_s)
    if sound is not None:
        exactly(sound, timeline.shown_s)
    picture, heard = stage.graph.close(), sound.close() if sound is not None else ""
    length = timeline.shown_s
    if assets.intro is not None:
        first, first_heard = include_segment(stage, sound, assets.intro, "i", timeline.intro_s)
        _combine(stage.graph, first, picture, timeline.intro_s, timeline.fade_s)
        if sound is not None:
            _combine_sound(sound, first_heard, heard, timeline.fade_s)
        length += timeline.intro_s - timeline.fade_s
    if assets.outro is not None:
        picture, heard = stage.graph.close(), sound.close() if sound is not None else ""
        last, last_heard = include_segment(stage, sound, assets.outro, "o", timeline.outro_s)
        _combine(stage.graph, picture, last, length, timeline.fade_s)
        if sound is not None:
            _combine_sound(sound, heard, last_heard, timeline.fade_s)


def include_segment(
    stage: Stage, sound: Graph | None, segment: Segment, name: str, seconds: float
) -> tuple[str, str]:
    """Includes picture and sound of a segment, both of this length; their labels."""
    rate = f"{stage.canvas.fps.numerator}/{stage.canvas.fps.denominator}"
    length = ["-t", f"{seconds:.3f}"]
    skipped = ["-ss", f"{segment.skipped_s:.6f}"] if segment.skipped_s > 0 else []
    video = segment.probe.video if segment.probe is not None else None
    if segment.probe is None or video is None:
        number = stage.inputs.png(segment.path, ["-loop", "1", "-framerate", rate, *length])
        part = Stage(Graph(f"[{number}:v]", f"v{name}"), stage.canvas, stage.signal, stage.inputs)
        part.graph.pipe(*stage.signal.from_rgb)
    else:
        number = stage.inputs.clip(segment.path, [*skipped, *length])
        graph = Graph(f"[{number}:{video.index}]", f"v{name}")
        part = Stage(graph, stage.canvas.fitting(video), stage.signal, stage.inputs)
        frame_picture(part, video)
        surround_picture(part, _BLUR, None)
    _even_out(part, seconds)
    stage.graph.include(part.graph.finish(f"[v{name}]"))
    if sound is None:
        return f"[v{name}]", ""
    track = segment.probe.audio[0] if segment.probe is not None and segment.probe.audio else None
    heard = segment_sound(track, number, seconds, f"a{name}")
    sound.include(heard.finish(f"[a{name}]"))
    return f"[v{name}]", f"[a{name}]"


def _even_out(stage: Stage, seconds: float) -> None:
    """What `concat` and `xfade` want to be equal: rate, time base, pixel shape, colour labels.

    Args:
        stage: The picture.
        seconds: What its length becomes: the last frame stands, or is cut off. 0 leaves it as it is.
    """
    stage.graph.pipe(spell("fps", fps=stage.canvas.fps))
    if seconds > 0:
        frames = round(seconds * stage.canvas.fps)
        hold = spell("tpad", stop_mode="clone", stop_duration=min(seconds, _LONGEST_HOLD_S))
        stage.graph.pipe(hold, spell("trim", end_frame=frames))
    stage.graph.pipe("settb=AVTB", "format=yuv420p", "setsar=1", stage.signal.label)


def _combine(graph: Graph, first: str, second: str, first_s: float, fade_s: float) -> None:
    if fade_s > 0:
        graph.combine(
            first, second, spell("xfade", transition="fade", duration=fade_s, offset=first_s - fade_s)
        )
    else:
        graph.combine(first, second, "concat=n=2:v=1:a=0")


def _combine_sound(graph: Graph, first: str, second: str, fade_s: float) -> None:
    if fade_s > 0:
        graph.combine(first, second, spell("acrossfade", d=fade_s, c1="qsin", c2="qsin"))
    else:
        graph.combine(first, second, "concat=n=2:v=0:a=1")
