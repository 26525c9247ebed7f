"""What the API is sent: the JSON of requests."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from subiteya.domain.pattern import PatternSpec
from subiteya.domain.post_mode import PostMode
from subiteya.domain.privacy import PrivacyLevel
from subiteya.queue.names import Priority

_KEY: Final = "temp/0d5c…/8f0c….mp4"
_SPEC: Final = {
    "logo": {"anchor": "top_right", "width_percent": 18, "opacity": 0.9},
    "effects": {"look": "vibrant", "contrast": 0.1},
}


def _storable(text: str) -> str:
    """Refuse what the database cannot hold: NUL and its kin, and halves of emoji."""
    for character in text:
        if character not in "\n\r\t" and unicodedata.category(character) in {"Cc", "Cs"}:
            raise ValueError("it holds an invisible control character")
    return text


def _is_number(value: object) -> bool:
    word = str(value)
    return word.isascii() and word.isdecimal()


def _parse_spec(value: object) -> object:
    """Read a specification with errors that name its own fields (`logo.opacity`)."""
    if isinstance(value, PatternSpec):
        return value
    if not isinstance(value, Mapping):
        raise ValueError("it is not an object")  # noqa: TRY004 - Pydantic wants a ValueError
    return PatternSpec.parse(value)


Text = Annotated[str, AfterValidator(_storable)]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_storable)]
Spec = Annotated[PatternSpec, BeforeValidator(_parse_spec), Field(examples=[_SPEC])]
Mode = Annotated[
    PostMode,
    Field(
        description="`draft` puts the video into the owner's TikTok inbox, to be finished and posted in the "
        "app. TikTok takes no caption, audience or settings with a draft: the caption is kept here, to be "
        "copied; the rest is not used.",
        examples=[PostMode.DIRECT],
    ),
]
SlotWord = Annotated[
    Literal["next_free_slot"],
    Field(
        description="The first posting slot of the account, within 90 days, that no post of it holds.",
        examples=["next_free_slot"],
    ),
]
PriorityName = Literal["CRITICAL", "HIGH", "NORMAL", "LOW", "VERY_LOW"]


class Body(BaseModel):
    """Root of the requests: a field that we do not know is a mistake that shall be told."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class SubtitlesIn(Body):
    """A subtitle file: SRT, WebVTT or ASS."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    name: Line = Field(examples=["pan.srt"])
    text: str = Field(
        min_length=1, examples=["1\n00:00:00,500 --> 00:00:02,000\nHoy horneamos pan de masa madre\n"]
    )

    def encoded(self) -> bytes:
        """The text as the bytes of a file; half an emoji becomes a question mark."""
        return self.text.encode(errors="replace")


class CreateVideo(Body):
    """A finished direct upload that shall become a video."""

    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, populate_by_name=True, validate_by_alias=True
    )

    key: Text | None = Field(None, description="As the upload's start gave it.", examples=[_KEY])
    src_url: Text | None = Field(
        None,
        alias="srcUrl",
        description="In place of `key`: its address, `s3://bucket/key` or https.",
        examples=[None],
    )
    filename: Line | None = Field(None, description="Another name than at the start.", examples=["pan.mp4"])
    title: Line | None = Field(None, description="The file's name when missing.", examples=["Pan"])
    subtitles: SubtitlesIn | None = Field(None, examples=[None])

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.key is None) == (self.src_url is None):
            raise ValueError("give either key or srcUrl")
        return self


class StartUpload(Body):
    """A file that the browser wants to send straight to the storage, in one request."""

    filename: Line = Field(examples=["pan.mp4"])
    content_type: str = Field("", max_length=200, examples=["video/mp4"])
    size_bytes: int = Field(ge=0, description="Exactly; it is signed.", examples=[22_118_400])


class StartMultipart(Body):
    """A file in parts, in the words of Uppy's companion client. Its size is needed: each part's is signed."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    filename: Line = Field(examples=["pan.mp4"])
    type: str = Field("", max_length=200, examples=["video/mp4"])
    size: int | None = Field(
        None, ge=0, description="Bytes; or as `metadata.size`.", examples=[2_147_483_648]
    )
    metadata: dict[str, Any] = Field(default_factory=dict, examples=[{"size": 2_147_483_648}])

    @model_validator(mode="after")
    def _has_a_size(self) -> Self:
        if self.size is None and not _is_number(self.metadata.get("size")):
            raise ValueError("the size is missing: give size or metadata.size, in bytes")
        return self

    @property
    def bytes(self) -> int:
        """The file's size."""
        return self.size if self.size is not None else int(self.metadata["size"])


class SentPart(BaseModel):
    """A part as the browser saw it answered."""

    number: int = Field(alias="PartNumber", ge=1, le=10_000, examples=[1])
    etag: str = Field(alias="ETag", max_length=200, examples=['"9b2cf535f27731c974343645a3985328"'])


class CompleteMultipart(BaseModel):
    """All parts, in the words of Uppy's companion client."""

    parts: list[SentPart] = Field(max_length=10_000)

    def etags(self) -> Mapping[int, str]:
        """ETag by part number."""
        return {part.number: part.etag for part in self.parts}


class ConfirmVideo(Body):
    """How the video shall be branded: by a saved pattern, by a specification of its own, or not at all."""

    pattern_id: UUID | None = Field(None, examples=["e7d0a1f3-2b64-4a89-8f0d-3c5b7a9e1d66"])
    spec: Spec | None = Field(None, description="Wins over `pattern_id`.", examples=[None])
    account_ids: list[UUID] = Field(
        default_factory=list,
        max_length=20,
        description="For whom it is meant: the default pattern of each account lies under the video's own. "
        "Accounts that come out the same share one clip; others get theirs with their first post.",
        examples=[["c2a6f6c4-9d51-4c0f-9a3e-7f1f2d3b4c55"]],
    )
    priority: PriorityName = "NORMAL"


class QueueUpload(Body):
    """One post. The toggles are off unless asked for, as TikTok's guidelines want."""

    account_id: UUID | None = Field(
        None,
        description="May be left out by who has just one.",
        examples=["c2a6f6c4-9d51-4c0f-9a3e-7f1f2d3b4c55"],
    )
    caption: str = Field("", max_length=10_000, examples=["Pan recién hecho #panaderia"])
    mode: Mode = PostMode.DIRECT
    privacy_level: PrivacyLevel = PrivacyLevel.SELF_ONLY
    disable_comment: bool = True
    disable_duet: bool = True
    disable_stitch: bool = True
    cover_ms: int | None = Field(
        None, ge=0, le=2**31 - 1, description="The frame shown first.", examples=[1500]
    )
    brand_content: bool = Field(default=False, description="A paid partnership; cannot be private.")
    brand_organic: bool = Field(default=False, description="Promotes the creator's own business.")
    is_aigc: bool = Field(default=False, description="Made with artificial intelligence.")
    when: SlotWord | None = None
    priority: PriorityName = "NORMAL"


class NewPattern(Body):
    """A brand pattern to be kept."""

    name: Line = Field(examples=["Panadería Luz"])
    spec: Spec


class ChangedPattern(NewPattern):
    """A brand pattern to be saved again."""

    version: int = Field(ge=1, description="The version that was read; another one is refused.", examples=[3])


def priority_of(name: PriorityName) -> Priority:
    """BullMQ's number for a priority's name."""
    return Priority[name]
