"""The whole chain for one clip against a running server: upload, confirm, edit, queue, posted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from subiteya.cli.api_client import ApiClient
from subiteya.cli.follow import follow
from subiteya.cli.upload_file import upload_file
from subiteya.domain.errors import BadInput, SubiteyaError

EDIT_ENDED: Final = frozenset({"EDITED", "FAILED_EDIT", "CANCELLED"})
POST_ENDED: Final = frozenset(
    {"POSTED", "IN_INBOX", "SCHEDULED", "UNCONFIRMED", "NEEDS_ATTENTION", "FAILED_UPLOAD", "CANCELLED"}
)
"""Where there is nothing more to wait for here: a draft waits in the app, a scheduled post for its time."""
GOOD_ENDS: Final = frozenset({"POSTED", "IN_INBOX", "SCHEDULED"})


class ChainBroken(SubiteyaError):
    """A step of the chain ended badly; the sentence is the server's."""

    code = "chain_broken"
    message = "{why}"


@dataclass(frozen=True, slots=True)
class Order:
    """What to make of a clip."""

    clip: Path
    title: str | None = None
    subtitles: Path | None = None
    pattern: str | None = None
    """Id or name of a saved pattern."""
    spec: dict[str, Any] | None = None
    """A specification given directly; wins over `pattern`."""
    account: str | None = None
    """Id or @username."""
    caption: str = ""
    privacy: str = "SELF_ONLY"
    draft: bool = False
    """Into the TikTok inbox, to be posted in the app."""
    next_free_slot: bool = False
    """At the account's next free posting time, instead of now."""
    notes: Path = field(default=Path(".subiteya/uploads"))


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who hears how far it is."""

    uploaded: Callable[[int, int], None]
    """(bytes stored, bytes in all)"""
    changed: Callable[[dict[str, Any]], None]
    """The video's row."""
    warned: Callable[[str], None] = lambda _sentence: None
    """A sentence of the server's."""


async def run_chain(api: ApiClient, order: Order, watcher: Watcher) -> dict[str, Any]:
    """Take a clip from a file to a post.

    Returns:
        The video's row at the end, with its post.

    Raises:
        ChainBroken: the edit failed, or the post was refused or needs its owner.
        BadInput: no such pattern or account.
        ServerRefused: the server said no.
    """
    account = await _account(api, order.account)
    pattern = await _pattern(api, order)
    key = await upload_file(api, order.clip, order.notes, watcher.uploaded)
    video = await _create(api, order, key)
    watcher.changed(video)
    # Told for whom, so that the account's default pattern is in this edit and not in one that comes after.
    wish = {**pattern, "account_ids": [account["id"]], "priority": "NORMAL"}
    await api.post(f"/videos/{video['id']}/confirm", wish)
    video = await _edited(api, video["id"], watcher)
    before = {post["id"] for post in video["posts"]}
    queued = await api.post(
        f"/videos/{video['id']}/queue-upload",
        {
            "account_id": account["id"],
            "mode": "draft" if order.draft else "direct",
            "caption": order.caption,
            "privacy_level": order.privacy,
            "when": "next_free_slot" if order.next_free_slot else None,
        },
    )
    for warning in queued["warnings"]:
        watcher.warned(warning["message"])
    ours = next(post["id"] for post in queued["posts"] if post["id"] not in before)
    return await _posted(api, video["id"], ours, watcher)


async def _create(api: ApiClient, order: Order, key: str) -> dict[str, Any]:
    body: dict[str, Any] = {"key": key, "filename": order.clip.name}
    if order.title:
        body["title"] = order.title
    if order.subtitles is not None:
        text = order.subtitles.read_text(encoding="utf-8-sig", errors="replace")
        body["subtitles"] = {"name": order.subtitles.name, "text": text}
    created: dict[str, Any] = await api.post("/videos", body)
    return created


async def _edited(api: ApiClient, video_id: str, watcher: Watcher) -> dict[str, Any]:
    async with aclosing(follow(api, video_id)) as rows:  # type: ignore[type-var]  # an async generator is closable
        async for video in rows:
            watcher.changed(video)
            if video["status"] in EDIT_ENDED:
                break
    if video["status"] != "EDITED":
        raise ChainBroken(why=_why(video))
    return video


async def _posted(api: ApiClient, video_id: str, post_id: str, watcher: Watcher) -> dict[str, Any]:
    async with aclosing(follow(api, video_id)) as rows:  # type: ignore[type-var]  # an async generator is closable
        async for video in rows:
            watcher.changed(video)
            post = next((one for one in video["posts"] if one["id"] == post_id), None)
            if post is not None and post["status"] in POST_ENDED:
                break
    if post is None or post["status"] not in GOOD_ENDS:
        raise ChainBroken(why=_why(post or video))
    return video


def _why(row: dict[str, Any]) -> str:
    error = row.get("error")
    return str(error["message"]) if error else f"{row['status']}"


async def _account(api: ApiClient, wanted: str | None) -> dict[str, Any]:
    accounts: list[dict[str, Any]] = (await api.get("/accounts"))["accounts"]
    if wanted is None:
        if len(accounts) == 1:
            return accounts[0]
        names = ", ".join(f"@{one['username']}" for one in accounts) or "none is connected"
        raise BadInput(what="--account", why=f"name one ({names})")
    for one in accounts:
        if wanted.removeprefix("@") in {one["id"], one["username"]}:
            return one
    raise BadInput(what="--account", why=f"no account {wanted} is connected")


async def _pattern(api: ApiClient, order: Order) -> dict[str, Any]:
    if order.spec is not None:
        return {"spec": order.spec}
    if order.pattern is None:
        return {}
    for one in (await api.get("/patterns"))["patterns"]:
        if order.pattern in {one["id"], one["name"]}:
            return {"pattern_id": one["id"]}
    raise BadInput(what="--pattern", why=f"there is no pattern {order.pattern}")
