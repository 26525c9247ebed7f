"""What `init` is told: how the post shall look, and how its bytes will come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from subiteya.domain.captions import check_caption
from subiteya.domain.chunks import ChunkPlan
from subiteya.domain.errors import BadInput
from subiteya.domain.privacy import PrivacyLevel

_INT32_MAX: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class PostInfo:
    """How a direct post shall look. There is no default privacy: its owner chooses, each time.

    Attributes:
        privacy_level: One of the levels that `creator_info` offers at this moment.
        title: The caption, at most 2,200 UTF-16 units.
        disable_comment: No comments.
        disable_duet: No duets.
        disable_stitch: No stitches.
        cover_ms: Millisecond of the cover frame; TikTok takes the first frame when absent.
        brand_content: A paid partnership; may not be private.
        brand_organic: Promotes the creator's own business.
        is_aigc: Made with AI; TikTok shows a label.

    Raises:
        BadInput: A paid partnership that only its creator may see, or a cover outside the numbers.
        BadCaption: See `check_caption`.
        CaptionTooLong: See `check_caption`.
    """

    privacy_level: PrivacyLevel
    title: str = ""
    disable_comment: bool = True
    disable_duet: bool = True
    disable_stitch: bool = True
    cover_ms: int | None = None
    brand_content: bool = False
    brand_organic: bool = False
    is_aigc: bool = False

    def __post_init__(self) -> None:
        check_caption(self.title)
        if self.brand_content and self.privacy_level is PrivacyLevel.SELF_ONLY:
            raise BadInput(what="privacy", why="a paid partnership cannot be private")
        if self.cover_ms is not None and not 0 <= self.cover_ms <= _INT32_MAX:
            raise BadInput(what="cover", why="it lies outside the video")

    def as_json(self) -> dict[str, Any]:
        """The `post_info` of Direct Post."""
        info: dict[str, Any] = {
            "privacy_level": self.privacy_level.value,
            "disable_comment": self.disable_comment,
            "disable_duet": self.disable_duet,
            "disable_stitch": self.disable_stitch,
            # Called required in TikTok's table and missing from its samples: sent always.
            "brand_content_toggle": self.brand_content,
            "brand_organic_toggle": self.brand_organic,
            "is_aigc": self.is_aigc,
        }
        if self.title:
            info["title"] = check_caption(self.title)
        if self.cover_ms is not None:
            info["video_cover_timestamp_ms"] = self.cover_ms
        return info


def file_upload(plan: ChunkPlan) -> dict[str, Any]:
    """The `source_info` of a file whose bytes we send by this plan."""
    return {
        "source": "FILE_UPLOAD",
        "video_size": plan.size,
        "chunk_size": plan.chunk_size,
        "total_chunk_count": plan.count,
    }
