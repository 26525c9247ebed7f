"""A service with OpenAI's interface: `POST …/audio/transcriptions`, with the times of words.

https://platform.openai.com/docs/api-reference/audio/createTranscription: form fields `file`, `model`,
`language`, `response_format=verbose_json` and `timestamp_granularities[]`; files of 25 MB at most.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from subiteya.config import TranscribeSettings
from subiteya.domain.transcript import Passage, Transcript, shifted
from subiteya.domain.word_errors import (
    NoTranscriber,
    TranscriberUnavailable,
    TranscriberUnusable,
    TranscriptionFailed,
    TranscriptionRefused,
)
from subiteya.media.transcribe.protocol import Recording, Report
from subiteya.media.transcribe.sound import Piece, extract_compressed
from subiteya.media.transcribe.verbose_json import read_answer

_LARGEST_ANSWER: Final = 16 * 1024**2
_CONNECT_S: Final = 10.0
_OK: Final = 200
_UNUSABLE: Final = {401, 402, 403, 404}
"""Key, account, right, address or model: nothing that this clip could change."""
_LATER: Final = {408, 409, 425, 429}
_NO_MONEY: Final = "insufficient_quota"
"""OpenAI's code, told with 429: waiting does not help, paying does."""
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Asks the service of the settings."""

    settings: TranscribeSettings
    ffmpeg: Path

    @property
    def name(self) -> str:
        """The model and whose it is."""
        return f"{self.settings.model} ({urlsplit(self.settings.url).hostname})"

    def obstacle(self) -> NoTranscriber | None:
        """The key is missing where one is needed."""
        if self.settings.needs_key and self.settings.api_key is None:
            return TranscriberUnusable(why="the key is missing (TRANSCRIBE_API_KEY)")
        return None

    async def transcribe(self, recording: Recording, report: Report) -> Transcript:
        """As the protocol says.

        Raises:
            TranscriberUnusable: Key, address or model are not accepted.
            TranscriberUnavailable: It does not answer, or is busy.
            TranscriptionRefused: It does not take this sound.
            TranscriptionFailed: Its answer cannot be read.
        """
        obstacle = self.obstacle()
        if obstacle is not None:
            raise obstacle
        pieces = await extract_compressed(
            self.ffmpeg, recording.source, recording.work, recording.length_s, self.settings.max_bytes
        )
        language, passages = recording.tongue, list[Passage]()
        # Redirects are not followed: they would carry the key and the sound somewhere else.
        async with httpx2.AsyncClient(timeout=self._timeout(), follow_redirects=False) as http:
            for piece in pieces:
                heard = await self._ask(http, piece, language)
                language = language or heard.language
                passages += [shifted(passage, piece.start_s) for passage in heard.passages]
                report(min(1.0, piece.end_s / recording.length_s) if recording.length_s else 0.0)
        return Transcript(recording.language or language, tuple(passages))

    async def _ask(self, http: httpx2.AsyncClient, piece: Piece, language: str | None) -> Transcript:
        form: dict[str, str | Sequence[str]] = {
            "model": self.settings.model,
            "response_format": "verbose_json",
            "timestamp_granularities[]": ["word", "segment"],
        }
        if language is not None:
            form["language"] = language
        key = self.settings.api_key
        headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key is not None else {}
        url = f"{self.settings.url}/audio/transcriptions"
        try:
            with piece.file.open("rb") as sound:  # read in small blocks while it is sent
                files = {"file": ("sound.m4a", sound, "audio/mp4")}
                # The client's own limits are for single steps, and a trickle of bytes keeps each of them.
                async with (
                    asyncio.timeout(self.settings.timeout_seconds),
                    http.stream("POST", url, data=form, files=files, headers=headers) as response,
                ):
                    body = await _bounded(response)
        except (httpx2.HTTPError, TimeoutError) as error:
            raise TranscriberUnavailable(why=type(error).__name__) from error
        if response.status_code != _OK:
            raise _refusal(response.status_code, body, response.headers.get("retry-after", ""))
        return read_answer(body)

    def _timeout(self) -> httpx2.Timeout:
        return httpx2.Timeout(self.settings.timeout_seconds, connect=_CONNECT_S)


async def _bounded(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise TranscriptionFailed(why="the service's answer is too long")
    return bytes(body)


def _refusal(status: int, body: bytes, retry_after: str) -> Exception:
    """What a status that is not 200 means for the clip."""
    code, told = _error_of(body)
    why = f"{status} {told}".strip()
    if status in _UNUSABLE or _NO_MONEY in code:
        return TranscriberUnusable(why=f"the service refuses: {why}")
    if status in _LATER or status >= _SERVER_ERROR:
        seconds = int(retry_after) if retry_after.isascii() and retry_after.isdecimal() else None
        return TranscriberUnavailable(why=why, after_s=seconds)
    return TranscriptionRefused(why=f"the service refuses: {why}")


def _error_of(body: bytes) -> tuple[str, str]:
    """OpenAI's error code and words; the words of others as they are. Short, for they are shown."""
    try:
        answer: Any = json.loads(body)
    except ValueError:
        answer = None
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return "", ""
    return f"{error.get('code')} {error.get('type')}", str(error.get("message") or "")[:200]
