"""What the knobs share: their bodies' base, the way to the parts, and how problems are told."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, ValidationError

from subiteya.tiktok.simulator.parts import Parts, parts_of

PartsDep = Annotated[Parts, Depends(parts_of)]
#: Columns of a publish that no knob shows: whoever has the token may upload.
HIDDEN = frozenset({"upload_token"})


class Body(BaseModel):
    """A knob's request body."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def problems(error: ValidationError) -> list[dict[str, Any]]:
    """Return what was wrong with a value, place by place."""
    return [{"loc": list(item["loc"]), "msg": item["msg"]} for item in error.errors(include_url=False)]
