"""What the API is sent and shows about single posts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from subiteya.domain import consent
from subiteya.domain.post_mode import PostMode
from subiteya.domain.posting_slots import SlotWish
from subiteya.domain.privacy import PrivacyLevel
from subiteya.domain.schedule import Oddity, zone_of
from subiteya.domain.states import PostStatus
from subiteya.http.api.bodies import Body, Mode, PriorityName, SlotWord
from subiteya.http.api.schemas import PostOut, VideoOut, post_out
from subiteya.http.locale import language_of, translate
from subiteya.services.find_warnings import Caution
from subiteya.services.get_post import PostPage

_WISHES: Final = (
    "mode",
    "caption",
    "privacy_level",
    "disable_comment",
    "disable_duet",
    "disable_stitch",
    "cover_ms",
    "brand_content",
    "brand_organic",
    "is_aigc",
)

Caption = Annotated[str, Field(max_length=10_000, examples=["Pan recién hecho #panaderia"])]
Cover = Annotated[int, Field(ge=0, le=2**31 - 1, description="The frame shown first.", examples=[1500])]
When = Annotated[
    datetime,
    Field(
        description="With an offset, or by the clocks of the account's zone; up to 90 days ahead.",
        examples=["2026-11-05T14:32"],
    ),
]
Consent = Annotated[
    str,
    Field(
        max_length=40,
        description="Version of TikTok's declaration that the person has agreed to: "
        f"“{consent.declaration(branded=False)}” With branded content: “{consent.declaration(branded=True)}”",
        examples=[consent.VERSION],
    ),
]


class NewPost(Body):
    """A post to one account. Its audience has no default, and each toggle is off unless asked for."""

    account_id: UUID | None = Field(
        None,
        description="May be left out by who has just one.",
        examples=["c2a6f6c4-9d51-4c0f-9a3e-7f1f2d3b4c55"],
    )
    mode: Mode = PostMode.DIRECT
    caption: Caption = ""
    privacy_level: PrivacyLevel | None = Field(
        None, description="Has no default; may be left out of a draft.", examples=[PrivacyLevel.SELF_ONLY]
    )
    disable_comment: bool = True
    disable_duet: bool = True
    disable_stitch: bool = True
    cover_ms: Cover | None = None
    brand_content: bool = Field(default=False, description="A paid partnership; cannot be private.")
    brand_organic: bool = Field(default=False, description="Promotes the creator's own business.")
    is_aigc: bool = Field(default=False, description="Made with artificial intelligence.")
    scheduled_at: When | None = None
    when: SlotWord | None = None
    priority: PriorityName = "NORMAL"

    @model_validator(mode="after")
    def _says_enough(self) -> Self:
        if self.mode is PostMode.DIRECT and self.privacy_level is None:
            raise ValueError("privacy_level has no default: say who may see it")
        if self.scheduled_at is not None and self.when is not None:
            raise ValueError("give either scheduled_at or when")
        return self

    def wishes(self) -> dict[str, Any]:
        """What shall be posted, as `PostWish` has it."""
        return _wishes(self.model_dump(include=set(_WISHES), mode="json"))


class NewPosts(Body):
    """The posts of a video: all of them are planned, or none."""

    consent_version: Consent
    posts: list[NewPost] = Field(min_length=1, max_length=20)


class ChangedPost(Body):
    """What shall be different; what is left out stays."""

    mode: Mode | None = Field(None, description="A draft that becomes a post needs a privacy_level.")
    caption: Caption | None = None
    privacy_level: PrivacyLevel | None = Field(None, examples=[None])
    disable_comment: bool | None = None
    disable_duet: bool | None = None
    disable_stitch: bool | None = None
    cover_ms: Cover | None = None
    brand_content: bool | None = None
    brand_organic: bool | None = None
    is_aigc: bool | None = None
    scheduled_at: When | None = Field(None, description="Another time: moves it.")
    when: SlotWord | None = None
    send_now: bool = Field(default=False, description="As soon as the account's window allows.")
    consent_version: Consent | None = Field(None, description="Needed when what is posted changes.")

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if sum((self.scheduled_at is not None, self.when is not None, self.send_now)) > 1:
            raise ValueError("give one of scheduled_at, when and send_now")
        return self

    def wishes(self) -> dict[str, Any]:
        """What changes of what shall be posted; null means the first frame for `cover_ms`, nothing else."""
        return _wishes(self.model_dump(include=set(_WISHES) & self.model_fields_set, mode="json"))


def _wishes(told: dict[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in told.items() if value is not None or name == "cover_ms"}
    return known | ({"mode": PostMode(known["mode"])} if "mode" in known else {})


def time_of(scheduled_at: datetime | None, when: str | None) -> datetime | SlotWish | None:
    """When a post shall go out, as the services take it."""
    return SlotWish(when) if when is not None else scheduled_at


class NoticeOut(BaseModel):
    """Something that was decided for you."""

    code: str = Field(examples=[Oddity.SKIPPED])
    message: str = Field(examples=["Esa hora no existe ese día: el reloj se adelanta."])


class WarningOut(BaseModel):
    """Something that you should know before the post goes out; it goes out all the same."""

    code: Caution = Field(examples=[Caution.SAME_FILE])
    message: str = Field(examples=["Este mismo archivo ya tiene una publicación en esta cuenta."])
    post_id: UUID | None = Field(description="The post that is there already.", examples=[None])
    video_id: UUID | None = Field(description="The video of that post.", examples=[None])
    at: datetime | None = Field(
        description="When that post went, or goes, out; or until when the account can be used.",
        examples=[None],
    )


class PostDetailOut(PostOut):
    """One post with all that was asked of it."""

    video_id: UUID = Field(examples=["8f0c7a52-3f0e-4f4e-9d57-0a4d6f1f2b11"])
    disable_comment: bool = Field(examples=[True])
    disable_duet: bool = Field(examples=[True])
    disable_stitch: bool = Field(examples=[True])
    cover_ms: int | None = Field(examples=[1500])
    brand_content: bool = Field(examples=[False])
    brand_organic: bool = Field(examples=[False])
    is_aigc: bool = Field(examples=[False])
    consent: dict[str, Any] | None = Field(
        description="When, who, to which text, with which settings.", examples=[None]
    )
    time_zone: str = Field(description="Of the account.", examples=["America/Bogota"])
    scheduled_local: datetime | None = Field(
        description="`scheduled_at` by the clocks of the account's zone.", examples=[None]
    )
    notices: list[NoticeOut] = Field(examples=[[]])
    warnings: list[WarningOut] = Field(examples=[[]])


class QueuedOut(VideoOut):
    """The video with its new post, and what to know about that."""

    notices: list[NoticeOut] = Field(examples=[[]])
    warnings: list[WarningOut] = Field(examples=[[]])


class PostsOut(BaseModel):
    """Posts, in the order in which they were asked for."""

    posts: list[PostDetailOut]


_ODDITIES: Final = {
    Oddity.SKIPPED: "The clocks skip that time on this day, so the post goes out as much later.",
    Oddity.REPEATED: "That time comes twice on this day; the post goes out the first time.",
}


_DRAFT: Final = (
    "TikTok takes no caption or settings with a draft. "
    "Copy the caption from here when you post it in the app."
)
_CAUTIONS: Final = {
    Caution.SAME_VIDEO: "This video already has a post to this account.",
    Caution.SAME_FILE: "Another video made of this very file already has a post to this account.",
    Caution.RECONNECT_BEFORE: "The access to this account ends on {date}, before this post: "
    "connect the account again until then.",
    Caution.RECONNECT_NOW: "This account must be connected again before the post can go out.",
}


def post_detail_out(page: PostPage, locale: str) -> PostDetailOut:
    """A post as JSON, in the language of the reader's `locale`."""
    post, language = page.view.post, language_of(locale)
    return PostDetailOut(
        **post_out(page.view, language).model_dump(),
        video_id=post.video_id,
        disable_comment=post.disable_comment,
        disable_duet=post.disable_duet,
        disable_stitch=post.disable_stitch,
        cover_ms=post.cover_ms,
        brand_content=post.brand_content,
        brand_organic=post.brand_organic,
        is_aigc=post.is_aigc,
        consent=post.consent,
        time_zone=page.time_zone,
        scheduled_local=page.scheduled_local,
        notices=notices_of(page, language),
        warnings=warnings_of(page, language),
    )


def notices_of(page: PostPage, language: str) -> list[NoticeOut]:
    """What was decided about a post, or must be done by hand."""
    notices = []
    if page.oddity is not None:
        notices.append(NoticeOut(code=page.oddity, message=translate(_ODDITIES[page.oddity], language)))
    if page.view.post.mode is PostMode.DRAFT and page.view.post.status is not PostStatus.POSTED:
        notices.append(NoticeOut(code="draft_without_caption", message=translate(_DRAFT, language)))
    return notices


def warnings_of(page: PostPage, language: str) -> list[WarningOut]:
    """What the owner of a post should know, in their language."""
    zone = zone_of(page.time_zone)
    return [
        WarningOut(
            code=one.code,
            message=translate(
                _CAUTIONS[one.code],
                language,
                {"date": one.at.astimezone(zone).strftime("%Y-%m-%d") if one.at is not None else "—"},
            ),
            post_id=one.post_id,
            video_id=one.video_id,
            at=one.at,
        )
        for one in page.warnings
    ]
