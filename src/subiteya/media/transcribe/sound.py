"""The sound of a clip as recognisers want it: mono, 16 kHz, in a file. The picture is not read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from subiteya.domain.errors import EditFailed, NotAVideo
from subiteya.domain.word_errors import TranscriptionFailed, TranscriptionRefused
from subiteya.media.graph.inputs import Inputs
from subiteya.media.runner import run_ffmpeg

RATE: Final = 16_000
_BITRATE: Final = 48_000  # of AAC: speech loses nothing that recognisers use
# Padding keeps the clip's clock when its sound begins late.
_CLOCK: Final = f"aresample={RATE}:async=1:first_pts=0"
_PLAIN: Final = ("-map_metadata", "-1", "-ac", "1", "-ar", str(RATE), "-y")
_LEAST_SILENCE_S: Final = 0.25
_SILENCES: Final = "silences.txt"
_EVENT: Final = re.compile(r"^lavfi\.silence_(start|end)=([0-9.]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a sound. Seconds on the clock of the whole."""

    file: Path
    start_s: float
    end_s: float


async def extract_wave(ffmpeg: Path, source: Path, work: Path, length_s: float) -> Path:
    """The clip's first sound track as uncompressed WAV (32 kB a second) in `work`.

    Raises:
        TranscriptionFailed: It cannot be read.
    """
    wave = work / "sound.wav"
    await _run(ffmpeg, [*_of(source), "-c:a", "pcm_s16le", "-f", "wav", f"file:{wave}"], work, length_s)
    return wave


async def extract_compressed(
    ffmpeg: Path, source: Path, work: Path, length_s: float, max_bytes: int
) -> list[Piece]:
    """The clip's first sound track as AAC (6 kB a second), in as few files of at most `max_bytes` as can be.

    Files follow each other without overlap. They are parted where nobody speaks, if there is such a moment.

    Raises:
        TranscriptionFailed: It cannot be read.
    """
    whole = work / "sound.m4a"
    await _run(ffmpeg, [*_of(source), *_aac(whole)], work, length_s)
    size = (await asyncio.to_thread(whole.stat)).st_size
    if size <= max_bytes:
        return [Piece(whole, 0.0, length_s)]
    seconds = length_s if length_s > 0 else size * 8 / _BITRATE
    # Silence takes next to nothing, so the mean of the whole says too little of a piece in which all is loud.
    longest_s = 0.9 * max_bytes * min(seconds / size, 8 / _BITRATE)
    pieces = []
    silences = await find_silences(ffmpeg, whole, work, seconds)
    for number, (start, end) in enumerate(plan_pieces(seconds, longest_s, silences)):
        file = work / f"piece-{number}.m4a"
        cut = ["-ss", f"{start:.3f}", *(() if end is None else ("-t", f"{end - start:.3f}"))]
        await _run(ffmpeg, [*cut, "-i", f"file:{whole}", *_PLAIN, *_aac(file)], work, seconds)
        pieces.append(Piece(file, start, seconds if end is None else end))
    return pieces


async def find_silences(ffmpeg: Path, sound: Path, work: Path, length_s: float) -> list[tuple[float, float]]:
    """When nothing is heard, in seconds, by FFmpeg's silencedetect."""
    detect = f"silencedetect=noise=-38dB:d={_LEAST_SILENCE_S},ametadata=mode=print:file={_SILENCES}"
    await _run(ffmpeg, ["-i", f"file:{sound}", "-af", detect, "-f", "null", "-"], work, length_s)
    log = work / _SILENCES
    text = await asyncio.to_thread(lambda: log.read_text() if log.exists() else "")
    return read_silences(text, length_s)


def read_silences(text: str, length_s: float) -> list[tuple[float, float]]:
    """The silences in what FFmpeg's ametadata prints; the last one may be open and ends with the sound."""
    found: list[tuple[float, float]] = []
    start: float | None = None
    for what, time in _EVENT.findall(text):
        if what == "start":
            start = float(time)
        elif start is not None:
            found.append((start, float(time)))
            start = None
    return found if start is None else [*found, (start, max(start, length_s))]


def plan_pieces(
    length_s: float, longest_s: float, silences: Sequence[tuple[float, float]]
) -> list[tuple[float, float | None]]:
    """Where a sound is parted: (start, end) of each piece in seconds; the last ends with the sound (None).

    Each is `longest_s` at most. A piece ends in the middle of the last silence in its second half; without
    any, where it must.
    """
    middles = [(start + end) / 2 for start, end in silences]
    pieces: list[tuple[float, float | None]] = []
    start = 0.0
    while length_s - start > longest_s:
        fitting = [at for at in middles if start + longest_s / 2 <= at <= start + longest_s]
        end = fitting[-1] if fitting else start + longest_s
        pieces.append((start, end))
        start = end
    return [*pieces, (start, None)]


def _of(source: Path) -> list[str]:
    inputs = Inputs()  # with the edit's own fence: no playlists, no network
    inputs.clip(source, ["-vn", "-sn", "-dn"])
    return [*inputs.arguments, "-map", "0:a:0", "-af", _CLOCK, *_PLAIN]


def _aac(target: Path) -> list[str]:
    return ["-c:a", "aac", "-b:a", str(_BITRATE), "-f", "ipod", f"file:{target}"]


async def _run(ffmpeg: Path, arguments: Sequence[str], work: Path, length_s: float) -> None:
    try:
        await run_ffmpeg(ffmpeg, arguments, work=work, duration_s=length_s, limit_s=120.0 + length_s)
    except NotAVideo as error:
        raise TranscriptionRefused(why=f"its sound cannot be read ({error.context.get('why')})") from error
    except EditFailed as error:
        raise TranscriptionFailed(why=f"its sound cannot be read ({error.context.get('why')})") from error
