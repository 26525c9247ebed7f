"""The half of faster-whisper that has the model. Runs alone, confined, and imports nothing of ours.

Standard input: one JSON object: `model` (folder or name), `sound` (WAV, mono, 16 kHz, 16 bits), `language`
(code or null), `compute_type`, `threads`, `cache` (folder for fetched models, or null to fetch none).
Standard output: one JSON object a line: {"progress": 0 to 1} and at last {"transcript": …} or
{"unusable": reason} or {"failed": reason}.
"""

from __future__ import annotations

import array
import json
import sys
import wave
from typing import Any

_FULL_SCALE = 32768.0
_TOO_LITTLE = "it needs more memory than it may have (WHISPER_MEMORY_MB)"


def main() -> None:
    """Reads the request, writes the answer."""
    request = json.loads(sys.stdin.read())
    try:
        import faster_whisper  # noqa: PLC0415 - an optional package, heavy, and missing is an answer
    except (ImportError, MemoryError) as error:
        # Libraries that do not fit into the memory fail to load with the linker's words.
        hint = _TOO_LITTLE if isinstance(error, MemoryError) or "map segment" in str(error) else reason(error)
        say(unusable=f"faster-whisper cannot be loaded ({hint})")
        return
    try:
        model = faster_whisper.WhisperModel(
            request["model"],
            device="auto",
            compute_type=request["compute_type"],
            cpu_threads=request["threads"],
            download_root=request["cache"],
            local_files_only=request["cache"] is None,
        )
    except MemoryError:
        say(unusable=f"the model {request['model']} cannot be loaded ({_TOO_LITTLE})")
        return
    except Exception as error:  # noqa: BLE001 - whatever keeps a model from being loaded is the answer
        say(unusable=f"the model {request['model']} cannot be loaded ({reason(error)})")
        return
    try:
        say(transcript=hear(model, request["sound"], request["language"]))
    except MemoryError:
        say(failed=_TOO_LITTLE)
    except Exception as error:  # noqa: BLE001 - the parent turns it into an error of ours
        say(failed=reason(error))


def hear(model: Any, sound: str, language: str | None) -> dict[str, Any]:
    """Run the model over a sound file."""
    import numpy as np  # noqa: PLC0415 - comes with faster-whisper

    with wave.open(sound) as file:
        samples = array.array("h", file.readframes(file.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    waveform = np.frombuffer(samples, dtype=np.int16).astype(np.float32) / _FULL_SCALE
    segments, info = model.transcribe(
        waveform,
        language=language,
        word_timestamps=True,
        vad_filter=True,  # what is no voice never reaches the model
        condition_on_previous_text=False,  # one slip must not become a loop
        hallucination_silence_threshold=2.0,
    )
    passages = []
    for segment in segments:  # a generator: the model works while we read
        passages.append(passage(segment))
        say(progress=min(1.0, segment.end / info.duration) if info.duration else 1.0)
    return {"language": info.language, "passages": passages}


def passage(segment: Any) -> dict[str, Any]:
    """A segment of faster-whisper as JSON; numpy's numbers become Python's."""
    return {
        "start_s": float(segment.start),
        "end_s": float(segment.end),
        "text": segment.text,
        "words": [
            {"start_s": float(word.start), "end_s": float(word.end), "text": word.word}
            for word in segment.words or ()
        ],
        "no_speech": float(segment.no_speech_prob),
        "log_probability": float(segment.avg_logprob),
        "compression": float(segment.compression_ratio),
    }


def reason(error: Exception) -> str:
    """What went wrong, in one short line."""
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__)[:300]


def say(**answer: Any) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
