"""Posting: both inits, status/fetch and cancel."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from subiteya.tiktok.simulator import lifecycle
from subiteya.tiktok.simulator.answers import ApiError, Code
from subiteya.tiktok.simulator.faults import Endpoint
from subiteya.tiktok.simulator.guard import Caller, api_route
from subiteya.tiktok.simulator.limits import draft_ban, posting_ban
from subiteya.tiktok.simulator.parts import Parts
from subiteya.tiktok.simulator.records import Kind, Privacy, Publish, Source, Step
from subiteya.tiktok.simulator.rules import (
    SourceInfo,
    check_chunk_plan,
    check_privacy,
    check_pull_url,
    check_unaudited,
    read_post_info,
    read_source_info,
)
from subiteya.tiktok.simulator.store import Database

_MAX_BODY_BYTES = 256 * 1024


async def _video_init(parts: Parts, caller: Caller, request: Request) -> dict[str, Any]:
    body = await _read_json(request)
    post, source = read_post_info(body), read_source_info(body)

    def judge_and_create(db: Database) -> Publish:
        now, switches, creator = parts.clock.epoch(), parts.switches, caller.creator
        ban = posting_ban(db, creator, switches, now)
        if ban is not None:
            raise ApiError(ban)
        privacy = check_privacy(post.privacy, creator)
        if not switches.audited:
            check_unaudited(privacy, creator)
        _check_source(parts, source)
        return lifecycle.create(
            db,
            switches,
            creator=creator,
            client_key=caller.token.client_key,
            kind=Kind.DIRECT,
            source=source,
            post=post,
            privacy=privacy,
            now=now,
        )

    return _created(parts, request, await parts.store.run(judge_and_create))


async def _inbox_init(parts: Parts, caller: Caller, request: Request) -> dict[str, Any]:
    # A title or a whole post_info beside it is ignored, as it was seen to be.
    source = read_source_info(await _read_json(request))

    def judge_and_create(db: Database) -> Publish:
        now, switches = parts.clock.epoch(), parts.switches
        ban = draft_ban(db, caller.creator, switches, now)
        if ban is not None:
            raise ApiError(ban)
        _check_source(parts, source)
        return lifecycle.create(
            db,
            switches,
            creator=caller.creator,
            client_key=caller.token.client_key,
            kind=Kind.INBOX,
            source=source,
            post=None,
            privacy=None,
            now=now,
        )

    return _created(parts, request, await parts.store.run(judge_and_create))


def _check_source(parts: Parts, source: SourceInfo) -> None:
    switches = parts.switches
    if source.source is Source.PULL:
        check_pull_url(source.url or "", switches.verified_urls, plain_http=switches.plain_http_pull)
    else:
        check_chunk_plan(
            source.video_size,
            source.chunk_size,
            source.total_chunk_count,
            max_chunk=switches.max_chunk_bytes,
        )


def _created(parts: Parts, request: Request, publish: Publish) -> dict[str, Any]:
    if publish.source is Source.PULL:
        parts.wake()
        return {"publish_id": publish.publish_id}
    query = f"upload_id={publish.upload_id}&upload_token={publish.upload_token}"
    return {
        "publish_id": publish.publish_id,
        "upload_url": f"{parts.base_url(request)}/video/?{query}",
    }


async def _status_fetch(parts: Parts, caller: Caller, request: Request) -> dict[str, Any]:
    await parts.engine.advance()
    publish = await _own_publish(parts, caller, request)
    data: dict[str, Any] = {"status": _status(publish)}
    if publish.source is Source.FILE:
        data["uploaded_bytes"] = publish.received
    else:
        data["downloaded_bytes"] = publish.received
    if publish.fail_reason is not None:
        data["fail_reason"] = publish.fail_reason
    if publish.step is Step.COMPLETE:
        shown = publish.post_id is not None and publish.privacy_level is Privacy.PUBLIC
        data["publicaly_available_post_id"] = [publish.post_id] if shown else []
    return data


def _status(publish: Publish) -> str:
    match publish.step:
        case Step.COMPLETE:
            return "PUBLISH_COMPLETE"
        case Step.INBOX:
            return "SEND_TO_USER_INBOX"
        case Step.FAILED:
            return "FAILED"
        case _:
            return "PROCESSING_UPLOAD" if publish.source is Source.FILE else "PROCESSING_DOWNLOAD"


async def _cancel(parts: Parts, caller: Caller, request: Request) -> dict[str, Any]:
    publish = await _own_publish(parts, caller, request)

    def stop(db: Database) -> None:
        current = db.get(Publish, publish.publish_id)
        if current is None or current.step is not Step.DOWNLOADING:
            raise ApiError(Code.NOT_CANCELLABLE)
        lifecycle.fail(db, parts.switches, current, "publish_cancelled", parts.clock.epoch())

    await parts.store.run(stop)
    parts.engine.cancel_pull(publish.publish_id)
    return {}


async def _own_publish(parts: Parts, caller: Caller, request: Request) -> Publish:
    """Return the publish that the body names.

    Raises:
        ApiError: `invalid_params` without one, `invalid_publish_id` for an unknown one,
            `token_not_authorized_for_specified_publish_id` for another creator's or app's.
    """
    publish_id = (await _read_json(request)).get("publish_id")
    if not isinstance(publish_id, str) or not publish_id:
        raise ApiError(Code.INVALID_PARAMS, "publish_id is required")
    publish = await parts.store.run(lambda db: db.get(Publish, publish_id))
    if publish is None:
        raise ApiError(Code.INVALID_PUBLISH_ID)
    if (publish.open_id, publish.client_key) != (caller.token.open_id, caller.token.client_key):
        raise ApiError(Code.NOT_YOUR_PUBLISH)
    return publish


async def _read_json(request: Request) -> dict[str, Any]:
    """Return the JSON object of the body.

    Raises:
        ApiError: `invalid_params` for another content type, another shape or more than 256 KiB.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ApiError(Code.INVALID_PARAMS, "Content-Type must be application/json")
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > _MAX_BODY_BYTES:
            raise ApiError(Code.INVALID_PARAMS)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ApiError(Code.INVALID_PARAMS, "The request body is not JSON") from error
    if not isinstance(body, dict):
        raise ApiError(Code.INVALID_PARAMS, "The request body is not a JSON object")
    return body


_EITHER_SCOPE = frozenset({"video.publish", "video.upload"})
ROUTES = (
    Route(
        "/v2/post/publish/video/init/",
        api_route(Endpoint.VIDEO_INIT, frozenset({"video.publish"}), _video_init),
        methods=["POST"],
    ),
    Route(
        "/v2/post/publish/inbox/video/init/",
        api_route(Endpoint.INBOX_INIT, frozenset({"video.upload"}), _inbox_init),
        methods=["POST"],
    ),
    Route(
        "/v2/post/publish/status/fetch/",
        api_route(Endpoint.STATUS_FETCH, _EITHER_SCOPE, _status_fetch),
        methods=["POST"],
    ),
    Route(
        "/v2/post/publish/cancel/",
        api_route(Endpoint.CANCEL, _EITHER_SCOPE, _cancel),
        methods=["POST"],
    ),
)
