"""faster-whisper on this machine, in a process of its own: its memory is its own, and killing it ends it."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from subiteya.config import TranscribeSettings
from subiteya.domain.transcript import Transcript
from subiteya.domain.word_errors import NoTranscriber, TranscriberUnusable, TranscriptionFailed
from subiteya.media.confine import Limits, confined, kill_group
from subiteya.media.transcribe.protocol import Recording, Report
from subiteya.media.transcribe.sound import extract_wave

PACKAGE: Final = "faster_whisper"
MODULE_MISSING: Final = "faster-whisper is not installed; install SubiteYa with its extra: subiteya[whisper]"
_CHILD: Final = Path(__file__).with_name("whisper_child.py")
_LONGEST_LINE: Final = 16 * 1024**2  # a transcript of many hours
_MODEL_BYTES: Final = 16 * 1024**3  # largest file of a model that is fetched by name
# To fetch a model by name one may need a proxy or other certificates; a folder needs nothing.
_NETWORK: Final = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "HF_ENDPOINT", "HF_TOKEN")


@dataclass(frozen=True, slots=True)
class Whisper:
    """Runs the model of the settings; `cache` keeps what is fetched by name."""

    settings: TranscribeSettings
    ffmpeg: Path
    cache: Path
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1), repr=False, compare=False)
    """One run at a time in a process: each takes all cores, and the memory of a model."""

    @property
    def name(self) -> str:
        """The model's name, or its folder's last part."""
        folder = self.settings.whisper_folder
        return f"faster-whisper {folder.name if folder is not None else self.settings.whisper_model}"

    def obstacle(self) -> NoTranscriber | None:
        """The package or the model's folder is missing."""
        if importlib.util.find_spec(PACKAGE) is None:
            return TranscriberUnusable(why=MODULE_MISSING)
        folder = self.settings.whisper_folder
        if folder is not None and not folder.is_dir():
            return TranscriberUnusable(why=f"there is no model at {folder} (WHISPER_MODEL)")
        return None

    async def transcribe(self, recording: Recording, report: Report) -> Transcript:
        """As the protocol says.

        Raises:
            TranscriberUnusable: The package or the model is missing, or cannot be loaded.
            TranscriptionFailed: It used up its memory or its time, or broke off.
        """
        obstacle = self.obstacle()
        if obstacle is not None:
            raise obstacle
        wave = await extract_wave(self.ffmpeg, recording.source, recording.work, recording.length_s)
        async with self._turn:
            return await self._run(wave, recording, report)

    async def _run(self, wave: Path, recording: Recording, report: Report) -> Transcript:
        limit_s = time_limit(recording.length_s)
        child = await self._start(self._limits(limit_s), recording.work)
        try:
            async with asyncio.timeout(limit_s):
                return await _converse(child, self._request(wave, recording.tongue), report)
        except TimeoutError:
            raise TranscriptionFailed(why=f"it took longer than {limit_s:.0f} seconds") from None
        finally:
            await kill_group(child)

    def _request(self, wave: Path, language: str | None) -> dict[str, Any]:
        folder = self.settings.whisper_folder
        return {
            "model": str(folder.resolve() if folder is not None else self.settings.whisper_model),
            "sound": str(wave.resolve()),
            "language": language,
            "compute_type": self.settings.whisper_compute_type,
            "threads": self.settings.whisper_threads or os.cpu_count() or 1,
            "cache": None if folder is not None else str(self.cache.resolve()),
        }

    def _limits(self, limit_s: float) -> Limits:
        cores = os.cpu_count() or 1
        writes = 0 if self.settings.whisper_folder is not None else _MODEL_BYTES
        memory = self.settings.whisper_memory_mb * 1024**2
        return Limits(memory_bytes=memory, cpu_s=int(limit_s * cores) + 1, file_bytes=writes)

    async def _start(self, limits: Limits, work: Path) -> asyncio.subprocess.Process:
        by_name = self.settings.whisper_folder is None
        network = {name: os.environ[name] for name in _NETWORK if by_name and name in os.environ}
        if by_name:
            await asyncio.to_thread(self.cache.mkdir, parents=True, exist_ok=True)
        offline = {} if by_name else {"HF_HUB_OFFLINE": "1"}
        home = {"HOME": str(work), "HF_HOME": str(self.cache.resolve())}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(_CHILD)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            limit=_LONGEST_LINE,
            cwd=work,
            env={**network, **offline, **home, "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
            preexec_fn=confined(limits),
        )


def time_limit(length_s: float) -> float:
    """Seconds that a transcription may take: a large model on two cores, with room to fetch it before."""
    return 900.0 + 20.0 * length_s


async def _converse(child: asyncio.subprocess.Process, request: dict[str, Any], report: Report) -> Transcript:
    if child.stdin is None or child.stdout is None:
        raise RuntimeError("the process was started without its pipes")
    child.stdin.write(json.dumps(request).encode())
    child.stdin.close()
    async for line in child.stdout:
        answer = _read(line)
        if "progress" in answer:
            report(float(answer["progress"]))
        elif "transcript" in answer:
            return read_transcript(answer["transcript"])
        elif "unusable" in answer:
            raise TranscriberUnusable(why=str(answer["unusable"]))
        elif "failed" in answer:
            raise TranscriptionFailed(why=str(answer["failed"]))
    status = await child.wait()
    raise TranscriptionFailed(why=f"faster-whisper was ended ({status}), perhaps for its memory")


def _read(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError:
        return {}  # something that a library printed
    return answer if isinstance(answer, dict) else {}


def read_transcript(answer: object) -> Transcript:
    """What the child found.

    Raises:
        TranscriptionFailed: It is no transcript.
    """
    try:
        return TypeAdapter(Transcript).validate_python(answer)
    except ValidationError as error:
        raise TranscriptionFailed(why="faster-whisper's answer cannot be read") from error
