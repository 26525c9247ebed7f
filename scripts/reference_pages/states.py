"""Statuses, the table of moves, and the steps of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from reference_pages.enums import meanings
from reference_pages.markdown import code, page, table

from subiteya.domain.states import (
    GROUPS,
    POST_MOVES,
    VIDEO_MOVES,
    JobStatus,
    LedgerStep,
    PostStatus,
    VideoStatus,
)

_INTRODUCTION: Final = """
One table says which moves are allowed, one function makes them by compare-and-set, and each move writes one
line of the timeline in the same transaction.
"""
_AGGREGATE: Final = """
From `EDITED` on, a video's status follows from its posts: what is under way wins over what failed, and what
failed over what was posted.
"""

_Status = TypeVar("_Status", bound=StrEnum)


def states_page() -> str:
    """The page."""
    groups = [
        (code(name), ", ".join(code(status.value) for status in VideoStatus if status in found))
        for name, found in GROUPS.items()
    ]
    return page(
        "States",
        _INTRODUCTION,
        "## Video",
        meanings(VideoStatus),
        diagram(VIDEO_MOVES),
        "How `GET /api/me/queues` groups them:",
        table(("Group", "Statuses"), groups),
        "## Post",
        meanings(PostStatus),
        diagram(POST_MOVES),
        _AGGREGATE,
        "## Ledger of a post",
        meanings(LedgerStep),
        "## Job",
        "PostgreSQL's side of a BullMQ job.",
        meanings(JobStatus),
    )


def diagram(moves: Mapping[_Status, frozenset[_Status]]) -> str:
    """A table of moves as a Mermaid state diagram; its first state is where things begin."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {next(iter(moves)).value}"]
    for source, targets in moves.items():
        lines += [f"    {source.value} --> {target.value}" for target in moves if target in targets]
        if not targets:
            lines.append(f"    {source.value} --> [*]")
    return "\n".join([*lines, "```"])
