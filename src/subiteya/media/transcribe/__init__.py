"""Speech to text: sound out of a clip, and what writes down the words in it.

`Transcriber` is the protocol; faster-whisper in a process of its own, a service with OpenAI's interface, and
none are its three kinds. Nothing here makes up words: what was heard, and how sure the recogniser is, goes to
`subiteya.domain.transcript`, which leaves out what was not said.
"""

from __future__ import annotations

from subiteya.media.transcribe.choose import open_transcriber
from subiteya.media.transcribe.protocol import NoTranscription, Recording, Report, Transcriber

__all__ = ["NoTranscription", "Recording", "Report", "Transcriber", "open_transcriber"]
