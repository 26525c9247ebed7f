"""Why something failed or waits, as the API shows it."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ErrorOut(BaseModel):
    """Why something failed or waits: a stable code, and a sentence in the reader's language."""

    code: str = Field(examples=["tiktok_unavailable"])
    message: str = Field(examples=["TikTok no responde en este momento. Seguimos intentándolo."])
