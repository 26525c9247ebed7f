"""What providers ask: one dated table, which an operator may replace."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from subiteya.domain.errors import ConfigurationError

MILLION = 1_000_000


class _Price(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    source: str


class RedisPrice(_Price):
    """A Redis that bills by the command."""

    free_commands: int = Field(ge=0)
    per_million_commands: float = Field(ge=0)

    def month(self, commands: float) -> float:
        """Dollars for a month's commands: nothing within the free plan, else every one of them."""
        return 0.0 if commands <= self.free_commands else commands / MILLION * self.per_million_commands


class StoragePrice(_Price):
    """An S3 service."""

    free_gb: float = Field(ge=0)
    per_gb_month: float = Field(ge=0)
    free_writes: int = Field(ge=0)
    per_million_writes: float = Field(ge=0)
    free_reads: int = Field(ge=0)
    per_million_reads: float = Field(ge=0)
    free_gb_out: float = Field(ge=0)
    per_gb_out: float = Field(ge=0)

    def month(self, *, gb: float, writes: float, reads: float, gb_out: float) -> float:
        """Dollars for a month: GB stored, requests of both classes, GB sent to the outside."""
        return (
            max(0.0, gb - self.free_gb) * self.per_gb_month
            + max(0.0, writes - self.free_writes) / MILLION * self.per_million_writes
            + max(0.0, reads - self.free_reads) / MILLION * self.per_million_reads
            + max(0.0, gb_out - self.free_gb_out) * self.per_gb_out
        )


class Prices(BaseModel):
    """The table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: date
    redis: Mapping[str, RedisPrice]
    storage: Mapping[str, StoragePrice]


def read_prices(file: Path | None = None) -> Prices:
    """The table in the file, or our own.

    Raises:
        ConfigurationError: the file cannot be read, or is no such table.
    """
    ours = resources.files("subiteya.watch").joinpath("prices.toml")
    try:
        text = ours.read_text("utf-8") if file is None else file.read_text("utf-8")
        return Prices.model_validate(tomllib.loads(text))
    except (OSError, ValueError, ValidationError) as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise ConfigurationError(what="PRICES_FILE", why=why) from error
