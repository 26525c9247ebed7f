"""The sound: the clip's own, music beneath it, and the loudness of the whole."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from subiteya.domain.pattern import PatternSpec, SoundSpec
from subiteya.domain.probe import AudioTrack
from subiteya.media.graph.assets import Assets
from subiteya.media.graph.filters import Graph, spell
from subiteya.media.graph.inputs import Inputs

TARGET_LUFS, TARGET_PEAK_DB = -14.0, -1.5
_RANGE = 11.0
_SILENCE_LUFS = -60.0  # nothing worth making louder
_SLOWEST_STEP = 0.5  # of `atempo`
# Music is made longer than what it accompanies: of two inputs, a filter may drop the rest when one ends.
_OVERHANG_S = 0.2
_DUCK_RATIO = 12.0
_LONGEST_S = 900.0  # TikTok's 10 minutes and something for a cut; a file may claim any length
# Gaps in the time stamps become silence, so that lips stay with words.
_CLEAN = ("aresample=48000:async=1:first_pts=0", "aformat=sample_fmts=fltp:channel_layouts=stereo")
# FFmpeg's own way from one channel to two is 3 dB softer.
_BOTH_SIDES = "pan=stereo|c0=c0|c1=c0"
MEASURED = ("-t", f"{_LONGEST_S:.0f}")
"""How much of a sound is listened to for its loudness."""
_SILENCE = "anullsrc=r=48000:cl=stereo"


@dataclass(frozen=True, slots=True)
class Loudness:
    """What `loudnorm` measured, in its own units (LUFS, dBTP, LU)."""

    integrated: float
    peak: float
    range: float
    threshold: float
    offset: float

    @classmethod
    def parse(cls, log: str) -> Loudness | None:
        """Reads the JSON at the end of FFmpeg's log; None for silence.

        Raises:
            ValueError: There is no measurement in the log.
        """
        start, end = log.rfind("{"), log.rfind("}")
        values = json.loads(log[start : end + 1])
        numbers = {name: float(values[name]) for name in values if name.startswith(("input_", "target_"))}
        if not math.isfinite(numbers["input_i"]) or numbers["input_i"] < _SILENCE_LUFS:
            return None
        return cls(
            numbers["input_i"],
            numbers["input_tp"],
            numbers["input_lra"],
            numbers["input_thresh"],
            numbers["target_offset"],
        )


def own_sound(spec: PatternSpec, track: AudioTrack | None, number: int, seconds: float) -> Graph:
    """The clip's own sound at its speed and volume; silence when it has none or is to have none.

    Args:
        spec: The wish.
        track: The first sound track.
        number: Of the source among the inputs.
        seconds: How long the clip's own part lasts in the output; 0 when unknown.
    """
    if track is None or spec.sound.mute:
        graph = Graph("", "a")
        graph.pipe(_SILENCE, *_until(seconds))
        return graph
    graph = Graph(f"[{number}:{track.index}]", "a")
    graph.pipe(*_stereo(track), *_tempo(spec.time.speed))
    if spec.sound.volume != 1:
        graph.pipe(spell("volume", volume=spec.sound.volume))
    if spec.sound.volume > 1:
        graph.pipe("alimiter=limit=0.95:level=0")
    return graph


def end_with_picture(
    spec: SoundSpec, track: AudioTrack | None, assets: Assets, claimed_s: float
) -> list[str]:
    """Options that end silence and music, which else go on for as long as a file claims to last.

    Args:
        spec: The wish.
        track: The first sound track.
        assets: With music, intro and outro.
        claimed_s: How long the clip's own part should be; 0 when unknown.
    """
    parts = (assets.music, assets.intro, assets.outro)
    is_filled = track is None or spec.mute or any(part is not None for part in parts)
    return ["-shortest"] if claimed_s == 0 or (is_filled and claimed_s > _LONGEST_S) else []


def exactly(graph: Graph, seconds: float) -> None:
    """Pads with silence or cuts, so that what follows begins in time."""
    if seconds > 0:
        graph.pipe(spell("apad", whole_dur=seconds), *_until(seconds))


def segment_sound(track: AudioTrack | None, number: int, seconds: float, name: str) -> Graph:
    """The sound of an intro or outro, exactly as long as its picture."""
    graph = Graph("" if track is None else f"[{number}:{track.index}]", name)
    graph.pipe(*((_SILENCE,) if track is None else _stereo(track)))
    exactly(graph, seconds)
    return graph


def add_music(
    graph: Graph,
    spec: SoundSpec,
    assets: Assets,
    inputs: Inputs,
    seconds: float,
    *,
    around: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Music under the main line, as long as it; steps back while the main line speaks.

    Args:
        graph: The main line.
        spec: The wish.
        assets: With the music.
        inputs: Where it is opened.
        seconds: Length of the main line.
        around: Seconds of the output before and after the main line, when that is a part of it.
    """
    if assets.music is None or spec.music_volume == 0:
        return
    exactly(graph, seconds)
    before, whole = around[0], around[0] + seconds + around[1]
    fade = min(spec.music_fade_s, whole / 2)
    until = before + seconds + _OVERHANG_S if seconds > 0 else 0.0
    filters = [*_CLEAN, spell("volume", volume=spec.music_volume), *_until(until)]
    if fade > 0:
        filters += [
            spell("afade", t="in", st=0, d=fade),
            spell("afade", t="out", st=whole - fade, d=fade),
        ]
    if before > 0:
        filters += [spell("atrim", start=before), "asetpts=PTS-STARTPTS"]
    music = graph.add(f"[{inputs.music(assets.music)}:a:0]", *filters)
    main = graph.close()
    if spec.ducking > 0:
        key, heard = f"{main[:-1]}k]", f"{main[:-1]}h]"
        graph.include(f"{main}asplit{main[:-1]}m]{heard}")
        graph.include(f"{heard}{spell('apad', pad_dur=_OVERHANG_S)}{key}")
        main = f"{main[:-1]}m]"
        ratio = 1 + spec.ducking * (_DUCK_RATIO - 1)
        compress = spell("sidechaincompress", threshold=0.02, ratio=ratio, attack=15, release=350)
        music = graph.add(f"{music}{key}", compress)
    graph.combine(main, music, "amix=inputs=2:duration=first:normalize=0")
    graph.pipe("alimiter=limit=0.95:level=0")


def level(graph: Graph, loudness: Loudness | None) -> None:
    """Brings the measured whole to the target; by one gain for all, so that its dynamics stay."""
    if loudness is None:
        return
    graph.pipe(
        spell(
            "loudnorm",
            I=TARGET_LUFS,
            TP=TARGET_PEAK_DB,
            LRA=max(_RANGE, math.ceil(loudness.range)),  # a wider range than the target's would not be linear
            measured_I=loudness.integrated,
            measured_TP=loudness.peak,
            measured_LRA=loudness.range,
            measured_thresh=loudness.threshold,
            offset=loudness.offset,
            linear="true",
        ),
        "aresample=48000",
    )


def measure_level(graph: Graph) -> None:
    """Measures the main line instead of changing it; the log tells the result."""
    graph.pipe(spell("loudnorm", I=TARGET_LUFS, TP=TARGET_PEAK_DB, LRA=_RANGE, print_format="json"))


def _stereo(track: AudioTrack) -> tuple[str, ...]:
    return (_BOTH_SIDES, *_CLEAN) if track.channels == 1 else _CLEAN


def _until(seconds: float) -> list[str]:
    return [spell("atrim", end=seconds)] if seconds > 0 else []


def _tempo(speed: float) -> list[str]:
    steps = []
    while speed < _SLOWEST_STEP:
        steps.append(_SLOWEST_STEP)
        speed /= _SLOWEST_STEP
    if speed != 1:
        steps.append(speed)
    return [spell("atempo", tempo=step) for step in steps]
