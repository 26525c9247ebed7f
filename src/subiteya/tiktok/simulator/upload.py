"""The transfer of chunks: `PUT /video/?upload_id=…&upload_token=…`, streamed to disk.

A chunk counts only when its last byte is on disk and its row says so; what a broken connection left behind is
overwritten by the next attempt. Two connections may send the same chunk at once (a client that gave up
waiting does): they write the same bytes to the same place, the first to finish is acknowledged, the other
learns the new position.
"""

from __future__ import annotations

import asyncio
import os
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from subiteya.tiktok.simulator import lifecycle
from subiteya.tiktok.simulator.faults import Action, Endpoint, FaultSpec, take_request_fault
from subiteya.tiktok.simulator.guard import cut, play
from subiteya.tiktok.simulator.parts import Parts, parts_of
from subiteya.tiktok.simulator.ranges import Chunk, ChunkError, Plan, progress, read_chunk
from subiteya.tiktok.simulator.records import Publish, Source, Step
from subiteya.tiktok.simulator.store import Database

router = APIRouter()
_BLOCK_BYTES = 1024**2


@router.put("/video/", include_in_schema=False)
async def put_chunk(request: Request) -> Response:
    """Take one chunk."""
    parts = parts_of(request)
    parts.calls[Endpoint.UPLOAD] += 1

    def look(db: Database) -> tuple[Publish | None, FaultSpec | None]:
        publish = _find(db, request)
        if publish is None:
            return None, take_request_fault(db, Endpoint.UPLOAD, None)
        return publish, take_request_fault(db, Endpoint.UPLOAD, publish.open_id, publish.chunks + 1)

    publish, fault = await parts.store.run(look)
    limit = fault.after_bytes if fault is not None and fault.action is Action.CUT else None

    async def call() -> Response:
        try:
            return await _take(parts, request, publish, limit)
        except ChunkError as error:
            return await _refuse(parts, publish, error)

    if limit is not None:
        return await call()
    return await play(request, fault, call)


def _find(db: Database, request: Request) -> Publish | None:
    publish = db.first(Publish, "WHERE upload_id = ?", request.query_params.get("upload_id", ""))
    if publish is None or publish.source is not Source.FILE:
        return None
    return publish if request.query_params.get("upload_token") == publish.upload_token else None


async def _take(parts: Parts, request: Request, publish: Publish | None, limit: int | None) -> Response:
    if publish is None:
        raise ChunkError(HTTPStatus.NOT_FOUND, "No upload task for this address")
    if publish.step not in {Step.CREATED, Step.RECEIVING}:
        raise ChunkError(HTTPStatus(parts.switches.finished_upload_status), "Everything has arrived already")
    if parts.clock.epoch() >= publish.upload_expires_at:
        raise ChunkError(HTTPStatus.FORBIDDEN, "The upload address has expired")
    plan = Plan(publish.video_size, publish.chunk_size, publish.total_chunk_count)
    chunk = read_chunk(request.headers, plan, publish.received)
    written = await _write(parts, request, publish, chunk, limit)
    if limit is not None and written >= min(limit, chunk.length):
        return await cut(request)
    if written != chunk.length:
        raise ChunkError(HTTPStatus.BAD_REQUEST, "Content-Length differs from the body")
    return await _acknowledge(parts, publish, chunk)


async def _write(parts: Parts, request: Request, publish: Publish, chunk: Chunk, limit: int | None) -> int:
    """Write the body to its place and return how many bytes came; stop behind `limit` bytes."""
    path = parts.engine.video_path(publish)
    handle = await asyncio.to_thread(os.open, path, os.O_WRONLY | os.O_CREAT, 0o600)
    written = 0
    block = bytearray()
    try:
        async for piece in request.stream():
            block += piece
            if len(block) >= _BLOCK_BYTES:
                written += await _flush(handle, block, chunk, written)
            if written + len(block) > chunk.length or (limit is not None and written + len(block) >= limit):
                break
        written += await _flush(handle, block, chunk, written)
    except ClientDisconnect as error:
        raise ChunkError(HTTPStatus.BAD_REQUEST, "The connection broke off") from error
    finally:
        os.close(handle)
    return written


async def _flush(handle: int, block: bytearray, chunk: Chunk, written: int) -> int:
    """Write the block and empty it; never beyond the chunk's own place. Return the bytes that came."""
    came = len(block)
    data = bytes(block[: max(0, chunk.length - written)])
    block.clear()
    position = chunk.first + written
    while data:
        done = await asyncio.to_thread(os.pwrite, handle, data, position)
        data, position = data[done:], position + done
    return came


async def _acknowledge(parts: Parts, publish: Publish, chunk: Chunk) -> Response:
    received = chunk.last + 1
    complete = received == publish.video_size

    def store(db: Database) -> bool:
        won = db.execute(
            "UPDATE publish SET received = ?, chunks = chunks + 1, content_type = ?, step = ?"
            " WHERE publish_id = ? AND received = ? AND step IN (?, ?)",
            received,
            chunk.content_type,
            Step.RECEIVING,
            publish.publish_id,
            chunk.first,
            Step.CREATED,
            Step.RECEIVING,
        )
        if won and complete:
            lifecycle.all_received(db, parts.switches, publish, parts.clock.epoch())
        return bool(won)

    if not await parts.store.run(store):
        raise ChunkError(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "This chunk has arrived already")
    if complete:
        parts.wake()
    status = HTTPStatus.CREATED if complete else HTTPStatus.PARTIAL_CONTENT
    return Response(
        status_code=status,
        headers={"Content-Range": progress(received, publish.video_size, parts.switches.progress_header)},
    )


async def _refuse(parts: Parts, publish: Publish | None, error: ChunkError) -> Response:
    headers = {}
    if publish is not None:
        current = await parts.store.run(lambda db: db.get(Publish, publish.publish_id)) or publish
        headers["Content-Range"] = progress(
            current.received, current.video_size, parts.switches.progress_header
        )
    return JSONResponse({"message": error.message}, status_code=error.status, headers=headers)
