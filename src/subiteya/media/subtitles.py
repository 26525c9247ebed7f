"""Subtitle files become cues. pysubs2 reads the formats; what people wrote into them is not trusted."""

from __future__ import annotations

import html
import re
import unicodedata

import pysubs2
from pysubs2.exceptions import Pysubs2Error

from subiteya.domain.errors import BadSubtitles
from subiteya.domain.subtitles import Cue, Word
from subiteya.media.cue_files import JSON_START, read_json

MAX_BYTES = 2 * 1024 * 1024
_MAX_CUES = 10_000
_MAX_CHARACTERS = 1_000  # of one cue
_MAX_MS = 24 * 3_600_000
_FORMATS = {"srt", "vtt", "ass", "ssa"}
_MARKUP = re.compile(r"</?[A-Za-z0-9][^<>]*>")  # <i>, <c.loud>, <v Ana>, <00:01.500>
_OVERRIDES = re.compile(r"\{\\[^{}]*\}")


def parse_subtitles(data: bytes) -> tuple[Cue, ...]:
    """The cues of an SRT, WebVTT or ASS file, or of our own JSON, as plain text, sorted by time.

    Encodings: UTF-8 and UTF-16 (by their marks), UTF-8 without a mark, else Latin-1, which old Spanish files
    use. Styling, positions, speakers and override tags are dropped: the brand pattern says how lines look.

    Raises:
        BadSubtitles: Too large, no format that we read, or no line in it.
    """
    if len(data) > MAX_BYTES:
        raise BadSubtitles(why=f"the file is larger than {MAX_BYTES // 1024**2} MB")
    text = decode_text(data)
    parsed = _printable_cues(text) if text.startswith(JSON_START) else _parse(text)
    cues = sorted(parsed, key=lambda cue: (cue.start_ms, cue.end_ms))
    if not cues:
        raise BadSubtitles(why="there is no line in it")
    if len(cues) > _MAX_CUES:
        raise BadSubtitles(why=f"there are more than {_MAX_CUES} lines in it")
    return tuple(cues)


def _parse(text: str) -> list[Cue]:
    try:
        kind = pysubs2.formats.autodetect_format(text)
        if kind not in _FORMATS:
            raise BadSubtitles(why="it is neither SRT nor WebVTT nor ASS")
        parsed = pysubs2.SSAFile.from_string(text, format_=kind)
    except (Pysubs2Error, ValueError) as error:
        raise BadSubtitles(why="it is neither SRT nor WebVTT nor ASS") from error
    return [cue for cue in map(_cue, parsed.events) if cue is not None]


def _printable_cues(text: str) -> list[Cue]:
    """The cues of our JSON: their text is plain already, whatever signs are in it."""
    found = []
    for cue in read_json(text):
        words = (Word(word.start_ms, word.end_ms, printable(word.text)) for word in cue.words)
        kept = tuple(word for word in words if word.text and 0 <= word.start_ms <= word.end_ms <= _MAX_MS)
        plain = printable(cue.text)
        if plain and cue.end_ms <= _MAX_MS:
            found.append(Cue(cue.start_ms, cue.end_ms, plain, kept))
    return found


def decode_text(data: bytes) -> str:
    """The text of a subtitle file in whatever encoding it came."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _cue(event: pysubs2.SSAEvent) -> Cue | None:
    if event.is_comment or event.is_drawing:
        return None
    start, end = max(0, event.start), min(event.end, _MAX_MS)
    text = clean_text(event.text)
    return Cue(start, end, text) if text and start < end else None


def clean_text(text: str) -> str:
    """Plain text of a subtitle line: no tags, entities or control characters, line feeds between lines."""
    text = _OVERRIDES.sub("", text).replace(r"\N", "\n").replace(r"\n", "\n").replace(r"\h", " ")
    return printable(html.unescape(_MARKUP.sub("", text)))


def printable(text: str) -> str:
    """The text without control characters, double spaces, empty lines and excess length."""
    kept = "".join(
        character if character in _KEPT or not unicodedata.category(character).startswith("C") else " "
        for character in text
    )
    lines = (" ".join(line.split()) for line in kept.split("\n"))
    return "\n".join(line for line in lines if line)[:_MAX_CHARACTERS]


# Format characters with a meaning inside words and emoji; all other controls become spaces.
_KEPT = frozenset("\n\u200c\u200d\u200e\u200f\u2060")
