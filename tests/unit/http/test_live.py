from __future__ import annotations

import asyncio
import uuid

import pytest

from subiteya.domain.errors import DatabaseUnavailable
from subiteya.http.live import _MOST_PENDING, Live, Subscriber
from subiteya.http.sse import stream
from subiteya.observe.metrics import HttpMetrics, new_registry

ANA, BETO = uuid.uuid4(), uuid.uuid4()
VIDEO = uuid.uuid4()


@pytest.fixture
def live() -> Live:
    return Live(HttpMetrics(new_registry()))


def tell(live: Live, text: str, *, user: uuid.UUID = ANA, video: uuid.UUID = VIDEO) -> None:
    live.tell(user, video, "video", {"es": text, "en": text.upper()}, 7)


def test_a_change_goes_to_its_owners_streams_each_in_its_language(live: Live) -> None:
    spanish, english, other = Subscriber(ANA, "es"), Subscriber(ANA, "en"), Subscriber(BETO, "es")
    with live.subscribed(spanish), live.subscribed(english), live.subscribed(other):
        tell(live, '"hola"')
    assert spanish.take() == [b'event: video\ndata: "hola"\nid: 7\n\n']
    assert english.take() == [b'event: video\ndata: "HOLA"\nid: 7\n\n']
    assert other.take() == []


def test_a_slow_stream_is_told_the_newest_state_only(live: Live) -> None:
    slow = Subscriber(ANA, "es")
    another = uuid.uuid4()
    with live.subscribed(slow):
        tell(live, "1")
        tell(live, "x", video=another)
        tell(live, "2")
    assert [frame.split(b"\n")[1] for frame in slow.take()] == [b"data: x", b"data: 2"]


def test_the_same_state_is_not_told_twice(live: Live) -> None:
    subscriber = Subscriber(ANA, "es")
    with live.subscribed(subscriber):
        tell(live, "1")
        subscriber.take()
        tell(live, "1")
        assert subscriber.take() == []
        tell(live, "2")
        tell(live, "1")
        assert len(subscriber.take()) == 1


def test_too_much_for_a_stream_becomes_a_fresh_snapshot(live: Live) -> None:
    subscriber = Subscriber(ANA, "es")
    with live.subscribed(subscriber):
        for _ in range(_MOST_PENDING + 1):
            tell(live, "1", video=uuid.uuid4())
    assert subscriber.take() == []
    assert subscriber.take_overflow()
    assert not subscriber.take_overflow()


def test_it_is_known_whether_anybody_listens(live: Live) -> None:
    assert live.nobody.is_set()
    with live.subscribed(Subscriber(ANA, "es")):
        with live.subscribed(Subscriber(ANA, "en")):
            assert live.languages(ANA) == {"es", "en"}
        assert live.somebody.is_set()
        assert not live.nobody.is_set()
        assert live.users == [ANA]
    assert live.nobody.is_set()
    assert not live.somebody.is_set()
    assert live.users == []


async def snapshot(since: int) -> bytes:
    return b"snapshot since %d\n\n" % since


async def test_a_stream_says_snapshot_then_changes_and_ends_when_the_process_stops(live: Live) -> None:
    frames = stream(live, Subscriber(ANA, "es"), snapshot, 5)
    assert (await anext(frames)).startswith(b"retry: ")
    assert await anext(frames) == b"snapshot since 5\n\n"
    tell(live, "1")
    assert b"data: 1" in await anext(frames)
    waiting = asyncio.ensure_future(anext(frames))
    await asyncio.sleep(0)
    live.close()
    assert (await waiting).startswith(b": ")
    with pytest.raises(StopAsyncIteration):
        await anext(frames)
    assert live.nobody.is_set()


async def test_what_changes_while_the_snapshot_is_read_comes_after_it(live: Live) -> None:
    async def slow_snapshot(_since: int) -> bytes:
        tell(live, "later")
        return b"snapshot\n\n"

    frames = stream(live, Subscriber(ANA, "es"), slow_snapshot, 0)
    await anext(frames)
    assert await anext(frames) == b"snapshot\n\n"
    assert b"data: later" in await anext(frames)
    await frames.aclose()  # type: ignore[attr-defined]  # it is an async generator


async def test_a_browser_that_leaves_is_forgotten(live: Live) -> None:
    frames = stream(live, Subscriber(ANA, "es"), snapshot, 0)
    await anext(frames)
    assert live.somebody.is_set()
    await frames.aclose()  # type: ignore[attr-defined]  # it is an async generator
    assert live.nobody.is_set()


async def test_a_stream_without_a_database_ends_so_that_the_browser_tries_again(live: Live) -> None:
    async def no_snapshot(_since: int) -> bytes:
        raise DatabaseUnavailable

    frames = [frame async for frame in stream(live, Subscriber(ANA, "es"), no_snapshot, 0)]
    assert len(frames) == 2
    assert live.nobody.is_set()
