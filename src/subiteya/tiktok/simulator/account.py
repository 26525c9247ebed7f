"""Who the creator is: `/v2/user/info/` and `/v2/post/publish/creator_info/query/`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from subiteya.tiktok.simulator.answers import ApiError, Code
from subiteya.tiktok.simulator.faults import Endpoint
from subiteya.tiktok.simulator.guard import Caller, api_route
from subiteya.tiktok.simulator.limits import posting_ban
from subiteya.tiktok.simulator.parts import Parts
from subiteya.tiktok.simulator.records import Creator, Publish, Step
from subiteya.tiktok.simulator.store import Database

#: The fields of user/info by the scope that opens them.
FIELDS = MappingProxyType(
    {
        "user.info.basic": frozenset(
            {"open_id", "union_id", "avatar_url", "avatar_url_100", "avatar_large_url", "display_name"}
        ),
        "user.info.profile": frozenset(
            {"bio_description", "profile_deep_link", "profile_web_link", "is_verified", "username"}
        ),
        "user.info.stats": frozenset({"follower_count", "following_count", "likes_count", "video_count"}),
    }
)


async def _user_info(parts: Parts, caller: Caller, request: Request) -> dict[str, Any]:
    asked = [name.strip() for name in request.query_params.get("fields", "").split(",") if name.strip()]
    if not asked:
        raise ApiError(Code.INVALID_PARAMS, "Fields is required")
    for name in asked:
        scope = next((scope for scope, names in FIELDS.items() if name in names), None)
        if scope is None:
            raise ApiError(Code.INVALID_PARAMS, f"Invalid field: {name}")
        if scope not in caller.scopes:
            raise ApiError(Code.SCOPE_MISSING)

    def count(db: Database) -> int:
        return len(db.all(Publish, "WHERE open_id = ? AND step = ?", caller.creator.open_id, Step.COMPLETE))

    user = _user(caller.creator, parts.base_url(request), await parts.store.run(count))
    return {"user": {name: user[name] for name in asked}}


def _user(creator: Creator, base_url: str, videos: int) -> dict[str, Any]:
    profile = f"{base_url}/@{creator.username}"
    return {
        "open_id": creator.open_id,
        "union_id": creator.union_id,
        "avatar_url": avatar_url(creator, base_url),
        "avatar_url_100": avatar_url(creator, base_url),
        "avatar_large_url": avatar_url(creator, base_url),
        "display_name": creator.nickname,
        "bio_description": creator.bio,
        "profile_deep_link": profile,
        "profile_web_link": profile,
        "is_verified": creator.verified,
        "username": creator.username,
        "follower_count": 0,
        "following_count": 0,
        "likes_count": 0,
        "video_count": videos,
    }


def avatar_url(creator: Creator, base_url: str) -> str:
    """Return the address of the creator's picture."""
    return f"{base_url}/simulator/avatars/{creator.open_id}.png"


async def _creator_info(parts: Parts, caller: Caller, request: Request) -> dict[str, Any]:
    creator = caller.creator
    ban = await parts.store.run(lambda db: posting_ban(db, creator, parts.switches, parts.clock.epoch()))
    if ban is not None:
        # On purpose 200: only the code says that this creator cannot post now.
        raise ApiError(ban, status=200)
    return {
        "creator_avatar_url": avatar_url(creator, parts.base_url(request)),
        "creator_username": creator.username,
        "creator_nickname": creator.nickname,
        "privacy_level_options": list(creator.privacy_options),
        "comment_disabled": creator.comment_disabled,
        "duet_disabled": creator.duet_off,
        "stitch_disabled": creator.stitch_off,
        "max_video_post_duration_sec": creator.max_video_post_duration_sec,
    }


ROUTES = (
    Route(
        "/v2/user/info/",
        api_route(Endpoint.USER_INFO, frozenset(FIELDS), _user_info),
        methods=["GET"],
    ),
    Route(
        "/v2/post/publish/creator_info/query/",
        api_route(Endpoint.CREATOR_INFO, frozenset({"video.publish"}), _creator_info),
        methods=["POST"],
    ),
)
