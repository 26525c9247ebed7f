"""The pages that show what was posted, the videos themselves, and the creators' pictures."""

from __future__ import annotations

import asyncio
import io
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends
from PIL import Image, ImageDraw, ImageFont
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from subiteya.tiktok.simulator import creators
from subiteya.tiktok.simulator.parts import parts_of, same_origin
from subiteya.tiktok.simulator.publish_knobs import post_draft
from subiteya.tiktok.simulator.records import Creator, Privacy, Publish
from subiteya.tiktok.simulator.store import Database
from subiteya.tiktok.simulator.views import Card, Views

router = APIRouter(include_in_schema=False, dependencies=[Depends(same_origin)])
PAGE_SIZE = 24
_AVATAR_PIXELS = 256


@router.get("/")
async def everything(request: Request) -> Response:
    """Show what was posted, newest first."""
    return await _grid(request, None)


@router.get("/@{username}")
async def profile(request: Request, username: str) -> Response:
    """Show what one creator posted."""
    creator = await parts_of(request).store.run(lambda db: creators.find_by_username(db, username))
    return await _grid(request, creator) if creator else nothing(request)


@router.get("/@{username}/video/{post_id}")
async def shared(request: Request, username: str, post_id: str) -> Response:
    """Show a public post at the address that TikTok would give it."""
    if not post_id.isascii() or not post_id.isdigit():
        return nothing(request)

    def find(db: Database) -> Card | None:
        publish = db.first(
            Publish, "WHERE CAST(post_id AS TEXT) = ? AND privacy_level = ?", post_id, Privacy.PUBLIC
        )
        return _card(db, publish)

    card = await parts_of(request).store.run(find)
    if card is None or card.creator.username != username:
        return nothing(request)
    return _page(request, "post.html", card=card)


@router.get("/simulator/posts/{publish_id}")
async def own(request: Request, publish_id: str) -> Response:
    """Show any publish, public or not."""
    parts = parts_of(request)
    await parts.engine.advance()
    card = await parts.store.run(lambda db: _card(db, db.get(Publish, publish_id)))
    return _page(request, "post.html", card=card) if card else nothing(request)


@router.post("/simulator/posts/{publish_id}/finish")
async def finish(request: Request, publish_id: str) -> Response:
    """Post a draft from its page, with the audience chosen there."""
    parts = parts_of(request)
    form = await request.form()
    try:
        privacy = Privacy(str(form.get("privacy_level")))
    except ValueError:
        return nothing(request)
    await parts.store.run(lambda db: post_draft(db, parts, publish_id, privacy))
    parts.wake()
    return RedirectResponse(f"/simulator/posts/{publish_id}", status_code=303)


@router.api_route("/simulator/posts/{publish_id}/video", methods=["GET", "HEAD"])
async def video(request: Request, publish_id: str) -> Response:
    """Serve the received file, by ranges too."""
    parts = parts_of(request)
    card = await parts.store.run(lambda db: _card(db, db.get(Publish, publish_id)))
    if card is None or not card.playable:
        return Response(status_code=HTTPStatus.NOT_FOUND)
    path = parts.engine.video_path(card.publish)
    if not await asyncio.to_thread(path.is_file):
        return Response(status_code=HTTPStatus.NOT_FOUND)
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}
    return FileResponse(path, media_type=card.publish.content_type or "video/mp4", headers=headers)


@router.get("/simulator/avatars/{open_id}.png")
async def avatar(request: Request, open_id: str) -> Response:
    """Serve a creator's picture: the first letter on a colour of their own."""
    creator = await parts_of(request).store.run(lambda db: db.get(Creator, open_id))
    if creator is None:
        return Response(status_code=HTTPStatus.NOT_FOUND)
    png = await asyncio.to_thread(_draw_avatar, creator)
    return Response(png, media_type="image/png", headers={"Cache-Control": "max-age=600"})


def _draw_avatar(creator: Creator) -> bytes:
    hue = sum(creator.open_id.encode()) * 47 % 360
    image = Image.new("RGB", (_AVATAR_PIXELS, _AVATAR_PIXELS), f"hsl({hue}, 55%, 42%)")
    ImageDraw.Draw(image).text(
        (_AVATAR_PIXELS / 2, _AVATAR_PIXELS / 2),
        creator.nickname[:1].upper(),
        fill="white",
        anchor="mm",
        font=ImageFont.load_default(size=_AVATAR_PIXELS * 0.55),
    )
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


async def _grid(request: Request, creator: Creator | None) -> Response:
    parts = parts_of(request)
    await parts.engine.advance()
    before = request.query_params.get("before", "")

    def read(db: Database) -> list[Card]:
        edge = db.value("SELECT rowid FROM publish WHERE publish_id = ?", before) if before else None
        publishes = db.all(
            Publish,
            "WHERE (? IS NULL OR open_id = ?) AND (? IS NULL OR rowid < ?) ORDER BY rowid DESC LIMIT ?",
            *(2 * (creator.open_id if creator else None,)),
            *(2 * (edge,)),
            PAGE_SIZE + 1,
        )
        return [card for publish in publishes if (card := _card(db, publish))]

    cards = await parts.store.run(read)
    return _page(
        request,
        "posts.html",
        cards=cards[:PAGE_SIZE],
        more=cards[PAGE_SIZE - 1].publish.publish_id if len(cards) > PAGE_SIZE else None,
        first_page=not before,
        creator=creator,
    )


def _card(db: Database, publish: Publish | None) -> Card | None:
    creator = db.get(Creator, publish.open_id) if publish else None
    return Card(publish, creator) if publish and creator else None


def _page(request: Request, template: str, **values: Any) -> Response:
    views: Views = request.app.state.views
    return views.page(request, template, **values)


def nothing(request: Request) -> Response:
    """Say that there is nothing at this address."""
    views: Views = request.app.state.views
    return views.page(request, "nothing.html", status=404)
