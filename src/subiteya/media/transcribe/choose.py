"""Which transcriber the settings ask for."""

from __future__ import annotations

from pathlib import Path

from subiteya.config import Settings
from subiteya.media.transcribe.endpoint import Endpoint
from subiteya.media.transcribe.protocol import NoTranscription, Transcriber
from subiteya.media.transcribe.whisper import Whisper


def open_transcriber(settings: Settings, ffmpeg: Path) -> Transcriber:
    """The transcriber of the settings. Nothing is loaded or asked yet.

    Args:
        settings: As read at start.
        ffmpeg: What takes the sound out of clips.
    """
    chosen = settings.transcribe
    match chosen.transcriber:
        case "whisper":
            return Whisper(chosen, ffmpeg, settings.home.home / "models")
        case "openai":
            return Endpoint(chosen, ffmpeg)
        case "none":
            return NoTranscription()
