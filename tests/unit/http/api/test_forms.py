"""The form reader, fed in pieces of any size."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect

from subiteya.domain.errors import BadInput, TooLarge
from subiteya.http.api.forms import FormStalled, WrongType, is_form, open_form

TYPE = "multipart/form-data; boundary=----b"
BODY = (
    b'------b\r\nContent-Disposition: form-data; name="title"\r\n\r\nPan \xc3\xb1\r\n'
    b'------b\r\nContent-Disposition: form-data; name="file"; filename="p\xc3\xa1n.mp4"\r\n'
    b"Content-Type: video/mp4\r\n\r\n" + b"\r\n------" + bytes(range(256)) + b"\r\n------b--\r\n"
)
READ = [
    ("title", None, "", "Pan ñ".encode()),
    ("file", "pán.mp4", "video/mp4", b"\r\n------" + bytes(range(256))),
]


def request(pieces: Sequence[bytes], content_type: str = TYPE, *, leaves: bool = False) -> Request:
    """A request whose body comes in these pieces; `leaves`: then the sender is gone."""
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages.append({"type": "http.disconnect"} if leaves else {"type": "http.request", "body": b""})
    coming = iter(messages)

    async def receive() -> Any:
        return next(coming)

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", content_type.encode())]}
    return Request(scope, receive)


async def read(asked: Request, limit: int = 10_000) -> list[tuple[str, str | None, str, bytes]]:
    async with open_form(asked) as parts:
        return [(part.name, part.filename, part.content_type, await part.read(limit)) async for part in parts]


def cut(body: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(place % len(body) for place in places), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(edges)]


@given(st.lists(st.integers(min_value=0), max_size=12))
async def test_it_does_not_matter_where_the_network_cuts(places: list[int]) -> None:
    assert await read(request(cut(BODY, places))) == READ


async def test_it_reads_byte_by_byte() -> None:
    assert await read(request([bytes([byte]) for byte in BODY])) == READ


async def test_a_part_that_nobody_reads_is_skipped() -> None:
    async with open_form(request([BODY])) as parts:
        assert [part.name async for part in parts] == ["title", "file"]


async def test_bytes_are_asked_for_only_when_somebody_takes_them() -> None:
    taken = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal taken
        for piece in cut(BODY, range(0, len(BODY), 20)):
            taken += 1
            yield piece

    asked = request([])
    asked.stream = pieces  # type: ignore[assignment,method-assign]  # a body that tells how far it was read
    async with open_form(asked) as parts:
        async for part in parts:
            if part.name == "file":
                before = taken
                await anext(part.chunks())
                assert taken <= before + 1
                return


@pytest.mark.parametrize("end", [0, 10, 60, 120, len(BODY) - 10])
async def test_a_form_that_ends_in_the_middle_is_refused(end: int) -> None:
    with pytest.raises(BadInput):
        await read(request([BODY[:end]]))


async def test_a_sender_who_falls_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subiteya.http.api.forms.IDLE_SECONDS", 0.01)
    asked = request([])
    asked._receive = asyncio.Event().wait  # type: ignore[assignment]  # a wire on which nothing comes

    with pytest.raises(FormStalled):
        await read(asked)


async def test_a_sender_who_leaves_is_told_apart() -> None:
    with pytest.raises(ClientDisconnect):
        await read(request([BODY[:120]], leaves=True))


@pytest.mark.parametrize(
    "body",
    [
        b"not a form at all",
        b"------b\r\nContent-Disposition: form-data\r\n\r\nx\r\n------b--\r\n",
        b"------b\r\nContent-Disposition form-data\r\n\r\nx\r\n------b--\r\n",
        b"------b\r\n" + b"X: " + b"y" * 10_000 + b"\r\n\r\nx\r\n------b--\r\n",
        b'------b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 17 + b"------b--\r\n",
    ],
    ids=["text", "no name", "broken header", "endless header", "too many parts"],
)
async def test_a_broken_form_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        await read(request([body]))


async def test_a_value_above_its_limit_is_refused() -> None:
    with pytest.raises(TooLarge):
        await read(request([BODY]), limit=100)


async def test_a_value_that_is_not_utf_8_is_refused() -> None:
    async with open_form(request([BODY.replace(b"\xc3\xb1", b"\xff")])) as parts:
        async for part in parts:
            with pytest.raises(BadInput):
                await part.text(100)
            return


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=" + "b" * 300]
)
async def test_a_boundary_that_cannot_be_one_is_refused(content_type: str) -> None:
    with pytest.raises(BadInput):
        await read(request([BODY], content_type))


async def test_what_is_no_form_is_told_so() -> None:
    assert is_form(request([], "Multipart/Form-Data; boundary=x"))
    assert not is_form(request([], "application/json"))
    with pytest.raises(WrongType):
        await read(request([b"{}"], "application/json"))
