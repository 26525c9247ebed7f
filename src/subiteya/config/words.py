"""Automatic subtitles: what writes down what is said in a clip."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from subiteya.config.section import SECTION

_OPENAI = "api.openai.com"


class TranscribeSettings(BaseSettings):
    """Automatic subtitles."""

    model_config = SECTION

    transcriber: Literal["none", "whisper", "openai"] = Field(
        "none",
        validation_alias="TRANSCRIBER",
        description="`whisper` on this machine (needs the extra `whisper`), `openai` for any service with"
        " OpenAI's `/v1/audio/transcriptions`, or `none`.",
    )
    whisper_model: str = Field(
        "small",
        min_length=1,
        validation_alias="WHISPER_MODEL",
        description="Folder of a CTranslate2 Whisper model (begins with `/`, `.` or `~`), or the name of one"
        " (`tiny`, `small`, `large-v3`, …) that is fetched into the data folder at its first use.",
    )
    whisper_compute_type: str = Field(
        "int8", validation_alias="WHISPER_COMPUTE_TYPE", description="`int8`, `float32`, `int8_float16`, …"
    )
    whisper_threads: int = Field(
        0,
        ge=0,
        le=256,
        validation_alias="WHISPER_THREADS",
        description="Threads of one run; 0 for all cores.",
    )
    whisper_memory_mb: int = Field(
        6144,
        ge=256,
        validation_alias="WHISPER_MEMORY_MB",
        description="Address space that one run may use, in MiB; it is ended above.",
    )
    url: str = Field(
        f"https://{_OPENAI}/v1",
        validation_alias="TRANSCRIBE_URL",
        description="Base address of the service, up to `/v1`.",
    )
    api_key: SecretStr | None = Field(
        None,
        validation_alias="TRANSCRIBE_API_KEY",
        description="The service's key; one of your own may need none.",
    )
    model: str = Field(
        "whisper-1",
        min_length=1,
        validation_alias="TRANSCRIBE_MODEL",
        description="The service's model; it must know the times of words.",
    )
    max_bytes: int = Field(
        25_000_000,
        ge=32_768,
        validation_alias="TRANSCRIBE_MAX_BYTES",
        description="Largest file that the service takes; more sound is sent in several, parted at silence.",
    )
    timeout_seconds: float = Field(
        300,
        gt=0,
        validation_alias="TRANSCRIBE_TIMEOUT_SECONDS",
        description="How long the service may take for one file.",
    )

    @property
    def needs_key(self) -> bool:
        """Whether the service is known to answer nobody without a key."""
        return urlsplit(self.url).hostname == _OPENAI

    @property
    def whisper_folder(self) -> Path | None:
        """The model's folder, when the setting names one and not a model."""
        model = self.whisper_model
        return Path(model).expanduser() if model.startswith(("/", ".", "~")) else None

    @field_validator("url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("TRANSCRIBE_URL must be an http(s) address, such as https://api.openai.com/v1")
        return value.rstrip("/")
