"""Multipart forms read part by part, as they come in: nothing is gathered in memory or on disk.

Starlette's own form parser writes every file to disk before the endpoint sees it. Here the endpoint pulls:
each chunk of a file is asked for by whoever stores it, so a slow storage slows the sender down through
TCP, and what lies in between is one chunk of the server.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from subiteya.domain.errors import BadInput, TooLarge
from subiteya.domain.sizes import readable_size

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

UNBOUNDED: Final = 2**63
"""`max_body_size` of a route that counts the bytes itself while they come."""
IDLE_SECONDS: Final = 60
"""How long a sender may be silent in the middle of a form."""
_MOST_PARTS: Final = 16


class WrongType(BadInput):
    """The body is of a type that this address does not take."""

    code = "wrong_type"
    status = 415
    message = "This address takes {expected}."


class FormStalled(BadInput):
    """The sender neither sends nor leaves: a phone without signal, or somebody who ties us up."""

    code = "form_stalled"
    status = 408
    message = "Nothing came for {seconds} seconds. Send it again."
    button = "retry"


def is_form(request: Request) -> bool:
    """Whether the request says that it carries a multipart form."""
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    return kind == b"multipart/form-data"


@asynccontextmanager
async def open_form(request: Request) -> AsyncIterator[AsyncIterator[FormPart]]:
    """The parts of a request's form, one after another.

    Raises:
        WrongType: the request carries something else.
        BadInput: the form is broken, here or while its parts are read.
    """
    if not is_form(request):
        raise WrongType(what="content-type", expected="multipart/form-data")
    async with aclosing(FormReader(request).parts()) as parts:
        yield parts


@dataclass(slots=True)
class _Head:
    """What stands before a part's bytes."""

    headers: dict[bytes, bytes] = field(default_factory=dict)


_END: Final = None
_Event = _Head | bytes | None


class FormPart:
    """One field of a form. Read its `chunks` before asking for the next part; what is left is skipped.

    Attributes:
        name: The field's name.
        filename: None for a plain value.
        content_type: As the sender claims; empty when it does not.
    """

    def __init__(self, head: _Head, form: FormReader) -> None:
        _, options = parse_options_header(head.headers.get(b"content-disposition", b""))
        if b"name" not in options:
            raise BadInput(what="form", why="a part has no name")
        self.name = _decode(options[b"name"])
        self.filename = _decode(options[b"filename"]) if b"filename" in options else None
        self.content_type = _decode(head.headers.get(b"content-type", b""))
        self._form = form
        self._ended = False

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The bytes, as they come.

        Raises:
            BadInput: the form is broken or ends in the middle.
            FormStalled: the sender fell silent.
            ClientDisconnect: the sender is gone.
        """
        while not self._ended:
            event = await self._form.next_event()
            if isinstance(event, bytes):
                yield event
            else:
                self._ended = True

    async def read(self, limit: int) -> bytes:
        """All of it, when it is not larger than `limit` bytes.

        Raises:
            TooLarge: it is.
        """
        body = bytearray()
        async for chunk in self.chunks():
            body += chunk
            if len(body) > limit:
                raise TooLarge(what=self.name, limit=readable_size(limit))
        return bytes(body)

    async def text(self, limit: int) -> str:
        """All of it as UTF-8.

        Raises:
            TooLarge: more than `limit` bytes.
            BadInput: it is not UTF-8.
        """
        try:
            return (await self.read(limit)).decode()
        except UnicodeDecodeError:
            raise BadInput(what=self.name, why="it is not UTF-8 text") from None


class FormReader:
    """The parts of one request's form, in the order they come."""

    def __init__(self, request: Request) -> None:
        """Prepare; nothing is read yet.

        Raises:
            BadInput: the content type names no usable boundary.
        """
        _, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary", b"")
        if not boundary:
            raise BadInput(what="form", why="its content type names no boundary")
        self._stream: AsyncIterator[bytes] = request.stream()
        self._events: deque[_Event] = deque()
        self._head = _Head()
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._complete = False
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError as error:
            raise BadInput(what="form", why=str(error)) from error

    async def parts(self) -> AsyncGenerator[FormPart]:
        """Each part once, when it begins.

        Raises:
            BadInput: the form is broken, ends in the middle, or has more parts than any form of ours.
        """
        count = 0
        while isinstance(event := await self.next_event(), _Head):
            count += 1
            if count > _MOST_PARTS:
                raise BadInput(what="form", why=f"it has more than {_MOST_PARTS} parts")
            part = FormPart(event, self)
            yield part
            async for _ in part.chunks():
                pass

    async def next_event(self) -> _Event:
        """A part's head, some of its bytes, or the end of a part; the end again after the last part."""
        while not self._events:
            if self._complete:
                return _END
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    chunk = await anext(self._stream)
            except StopAsyncIteration:
                raise BadInput(what="form", why="it ends in the middle") from None
            except TimeoutError:
                raise FormStalled(what="form", why="it stalled", seconds=IDLE_SECONDS) from None
            try:
                self._parser.write(chunk)
            except FormParserError as error:
                raise BadInput(what="form", why=str(error)) from error
        return self._events.popleft()

    def _callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._keep_header,
            "on_headers_finished": lambda: self._events.append(self._head),
            "on_part_data": lambda data, start, end: self._events.append(data[start:end]),
            "on_part_end": lambda: self._events.append(_END),
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._head = _Head()

    def _keep_header(self) -> None:
        name, value = self._header
        self._head.headers[bytes(name).lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def _finish(self) -> None:
        self._complete = True


def _decode(raw: bytes) -> str:
    """Browsers write UTF-8; what is not, is shown as it was sent."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
