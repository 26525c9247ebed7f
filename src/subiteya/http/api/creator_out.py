"""What the post screen shows of a creator, and what must stand beside its button."""

from __future__ import annotations

from pydantic import BaseModel, Field

from subiteya.domain import consent
from subiteya.domain.privacy import PrivacyLevel
from subiteya.http.api.error_out import ErrorOut
from subiteya.http.locale import language_of, sentence_of
from subiteya.services.ask_creator import Creator


class DeclarationOut(BaseModel):
    """TikTok's declaration, word for word; its version goes into a new post as `consent_version`."""

    version: str = Field(examples=[consent.VERSION])
    text: str = Field(examples=[consent.declaration(branded=False)])
    branded_text: str = Field(
        description="With branded content.", examples=[consent.declaration(branded=True)]
    )
    music_url: str = Field(examples=[consent.MUSIC_URL])
    branded_url: str = Field(examples=[consent.BRANDED_URL])


class CreatorOut(BaseModel):
    """The creator as TikTok describes them now; everything null but `refusal` when it takes no post now."""

    username: str | None = Field(examples=["panaderia.luz"])
    nickname: str | None = Field(description="Must be shown.", examples=["Panadería Luz"])
    avatar_url: str | None = Field(description="Good for two hours.", examples=[None])
    privacy_levels: list[PrivacyLevel] = Field(
        description="None may be chosen beforehand.", examples=[[PrivacyLevel.SELF_ONLY]]
    )
    comment_disabled: bool | None = Field(examples=[False])
    duet_disabled: bool | None = Field(examples=[True])
    stitch_disabled: bool | None = Field(examples=[True])
    max_duration_seconds: int | None = Field(examples=[600])
    refusal: ErrorOut | None = Field(description="Why no post can be made now.", examples=[None])
    declaration: DeclarationOut


def creator_out(creator: Creator, locale: str) -> CreatorOut:
    """A creator as JSON, a refusal in the language of the reader's `locale`."""
    info, code = creator.info, creator.refusal
    refusal = (
        ErrorOut(code=code, message=sentence_of(code, None, language_of(locale)))
        if code is not None
        else None
    )
    return CreatorOut(
        username=info.username if info else None,
        nickname=info.nickname if info else None,
        avatar_url=info.avatar_url or None if info else None,
        privacy_levels=list(creator.privacy_levels),
        comment_disabled=info.comment_disabled if info else None,
        duet_disabled=info.duet_disabled if info else None,
        stitch_disabled=info.stitch_disabled if info else None,
        max_duration_seconds=info.max_duration_seconds if info else None,
        refusal=refusal,
        declaration=DeclarationOut(
            version=consent.VERSION,
            text=consent.declaration(branded=False),
            branded_text=consent.declaration(branded=True),
            music_url=consent.MUSIC_URL,
            branded_url=consent.BRANDED_URL,
        ),
    )
