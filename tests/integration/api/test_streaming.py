"""Forms over a real socket: memory that does not grow, a sender that leaves, a file that is too large."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil
import pytest

from fixtures.processes import free_port, until
from integration.api.conftest import Look, Person
from subiteya.db.models import Upload, Video

MIB = 1024 * 1024
ALLOWED = 64 * MIB  # three parts of 8 MiB, and what the allocator and the HTTP client hold on to
FORM = {"Content-Type": "multipart/form-data; boundary=B"}
HEAD = b'--B\r\nContent-Disposition: form-data; name="file"; filename="pan.mp4"\r\n\r\n'
TAIL = b"\r\n--B--\r\n"


@contextmanager
def serving(
    environment: Mapping[str, str], folder: Path, **extra: str
) -> Iterator[tuple[int, psutil.Process]]:
    """An api process of its own: its port, and itself."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    log = folder / "api.log"
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "subiteya.cli", "api"],
            env={**kept, **environment, **extra, "PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield port, psutil.Process(child.pid)
    except BaseException:
        sys.stdout.write(log.read_text(errors="replace"))
        raise
    finally:
        child.terminate()
        child.wait(30)


async def answers(port: int, process: psutil.Process) -> None:
    async def lives() -> bool:
        assert process.status() != psutil.STATUS_ZOMBIE, "it ended"
        try:
            async with httpx2.AsyncClient() as client:
                return (await client.get(f"http://127.0.0.1:{port}/api/health")).is_success
        except httpx2.TransportError:
            return False

    await until(lives)


async def form(video: bytes, size: int) -> AsyncIterator[bytes]:
    """A form with this video, `padded` to `size` bytes on the way."""
    yield HEAD + video + (size - len(video)).to_bytes(4, "big") + b"free"
    left = size - len(video) - 8
    while left:
        step = min(left, MIB)
        yield bytes(step)
        left -= step
    yield TAIL


async def peak_rss(process: psutil.Process, stop: asyncio.Event) -> int:
    peak = 0
    while not stop.is_set():
        peak = max(peak, process.memory_info().rss)
        await asyncio.sleep(0.02)
    return peak


def signed_in(person: Person, port: int) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Authorization": f"Bearer {person.key}", **FORM},
        timeout=120,
    )


@pytest.mark.slow
async def test_a_large_form_costs_no_more_memory_than_a_small_one(
    ana: Person, clip: bytes, look: Look, process_environment: Mapping[str, str], tmp_path: Path
) -> None:
    size = 200 * MIB
    with serving(process_environment, tmp_path) as (port, process):
        await answers(port, process)
        async with signed_in(ana, port) as client:
            assert (await client.post("/api/videos", content=form(clip, 9 * MIB))).status_code == 201
            before = process.memory_info().rss
            stop = asyncio.Event()
            watching = asyncio.create_task(peak_rss(process, stop))
            answer = await client.post("/api/videos", content=form(clip, size))
            stop.set()
            peak = await watching

    assert answer.status_code == 201, answer.text
    assert answer.json()["source_bytes"] == size
    assert peak - before < ALLOWED, f"{(peak - before) / MIB:.0f} MiB on top of {before / MIB:.0f}"
    assert len(await look.keys()) == 2


async def test_a_sender_who_leaves_in_the_middle_leaves_nothing(
    ana: Person, look: Look, process_environment: Mapping[str, str], tmp_path: Path
) -> None:
    with serving(process_environment, tmp_path) as (port, process):
        await answers(port, process)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = (
            f"POST /api/videos HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ana.key}\r\n"
            f"Content-Type: {FORM['Content-Type']}\r\nContent-Length: {100 * MIB}\r\n\r\n"
        )
        writer.write(head.encode() + HEAD)
        for _ in range(20):
            writer.write(bytes(MIB))
            await writer.drain()
        await until(look.unfinished)
        assert await look.count(Upload) == 1
        writer.transport.abort()

        async def clean() -> bool:
            return not await look.unfinished() and not await look.count(Upload)

        await until(clean, 20)

    assert await look.count(Video) == 0
    assert await look.keys() == []
    assert "Traceback" not in (tmp_path / "api.log").read_text()


async def test_a_sender_without_a_length_is_told_when_it_is_too_much(
    ana: Person, clip: bytes, look: Look, process_environment: Mapping[str, str], tmp_path: Path
) -> None:
    with serving(process_environment, tmp_path, MAX_UPLOAD_BYTES=str(10 * MIB)) as (port, process):
        await answers(port, process)
        async with signed_in(ana, port) as client:
            answer = await client.post("/api/videos", content=form(clip, 40 * MIB))

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert await look.count(Upload) == 0
    assert await look.unfinished() == 0


async def test_no_secret_reaches_the_log(
    ana: Person,
    clip: bytes,
    browser: httpx2.AsyncClient,
    process_environment: Mapping[str, str],
    tmp_path: Path,
) -> None:
    with serving(process_environment, tmp_path, LOG_LEVEL="DEBUG") as (port, process):
        await answers(port, process)
        async with signed_in(ana, port) as client:
            del client.headers["Content-Type"]
            wish = {"filename": "pan.mp4", "content_type": "video/mp4", "size_bytes": len(clip)}
            started = (await client.post("/api/videos/upload-url", json=wish)).json()
            await browser.put(started["url"], content=clip, headers=started["headers"])
            made = await client.post("/api/videos", json={"key": started["key"]})
            assert made.status_code == 201, made.text
            moved = await client.get(f"/api/videos/{made.json()['id']}/download?redirect=1")
    log = (tmp_path / "api.log").read_text()

    assert moved.status_code == 307
    assert "/api/videos/upload-url" in log
    assert "X-Amz" not in log
    assert ana.key not in log
    assert started["key"].rsplit("/", 1)[1] not in log
