"""How we are reached and what we say: HTTP, keys and sessions, logs."""

from __future__ import annotations

import base64
import binascii
import os
import socket
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode

from subiteya.config.section import SECTION


class HttpSettings(BaseSettings):
    """The api process."""

    model_config = SECTION

    host: str = Field(
        "127.0.0.1", validation_alias="SUBITEYA_HOST", description="Address the api listens on."
    )
    port: int = Field(3001, ge=0, le=65_535, validation_alias="PORT", description="Port the api listens on.")
    public_url: str | None = Field(
        None,
        validation_alias="PUBLIC_URL",
        description="Address people use; decides cookie safety and origins.",
    )
    max_upload_bytes: int = Field(
        5 * 1024**3,
        ge=1,
        validation_alias="MAX_UPLOAD_BYTES",
        description="Largest video accepted, in bytes.",
    )

    @property
    def url(self) -> str:
        """The address that links should carry, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


class SecuritySettings(BaseSettings):
    """Keys and sessions."""

    model_config = SECTION

    # NoDecode: the value is a plain comma list, not JSON.
    encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        validation_alias="ENCRYPTION_KEY",
        description="32 random bytes in base64; several, comma-separated, newest first, for rotation.",
    )
    session_days: int = Field(
        30, ge=1, validation_alias="SESSION_DAYS", description="Days a browser stays signed in."
    )

    @field_validator("encryption_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _are_32_bytes(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in value:
            try:
                raw = base64.b64decode(key.get_secret_value(), validate=True)
            except (binascii.Error, ValueError):
                raw = b""
            if len(raw) != 32:  # noqa: PLR2004 - the size of an AES-256 key
                raise ValueError("ENCRYPTION_KEY must be 32 bytes in base64 (try: openssl rand -base64 32)")
        return value

    @property
    def raw_keys(self) -> tuple[bytes, ...]:
        """The keys as bytes, newest first."""
        return tuple(base64.b64decode(key.get_secret_value()) for key in self.encryption_keys)


class ObserveSettings(BaseSettings):
    """Logs."""

    model_config = SECTION

    log_format: Literal["console", "json"] = Field(
        "console", validation_alias="LOG_FORMAT", description="`console` for people, `json` for collectors."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias="LOG_LEVEL", description="Least severe level that is written."
    )
    worker_name: str = Field(
        default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}",
        validation_alias="WORKER_NAME",
        description="Name of this process in heartbeats and leases; host and process id when unset.",
    )
    worker_host: str = Field(
        default_factory=socket.gethostname,
        validation_alias="WORKER_HOST",
        description="Name of the machine, the same in all its containers; the host's name when unset.",
    )
