"""S3 → TikTok against `curl -T`: how fast bytes leave.

One file lies in a real S3 server; the upload worker's own code reads it by ranges and sends it chunk by chunk
to a server that throws bytes away. curl sends the same file from a local disk to that server in one request.
Both take turns; what counts is the ratio of the medians. The server reads at the rate of a network (1 Gbit/s,
200 Mbit/s) and once as fast as bytes come, where S3, Python and the server share this machine's processors.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from rich.console import Console

from _bench import MB, Bar, Options, run_bench, show_bars, show_table
from _stack import lone_s3, temporary_home
from subiteya.domain.chunks import ChunkPlan
from subiteya.storage import Storage, open_storage
from subiteya.tiktok.endpoints import UploadHosts
from subiteya.tiktok.transfer import Acknowledged, ChunkSender, new_upload_transport

RATES: Mapping[str, int] = {"1 Gbit/s": 125 * MB, "200 Mbit/s": 25 * MB, "as fast as they come": 0}
"""Bytes a second that the server reads."""
SIZE_MB, QUICK_SIZE_MB = 500, 120
TURNS, QUICK_TURNS = 5, 3
PROMISE = 1 / 0.9
"""Longest that we may take for each second of curl's: its throughput less ten per cent."""
KEY = "videos/bench/file.mp4"
LIMIT_S = 120


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Send the file in both ways to each server."""
    if (curl := shutil.which("curl")) is None:
        raise SystemExit("this bench compares with curl, and there is none on PATH")
    size = (QUICK_SIZE_MB if options.quick else SIZE_MB) * MB
    turns = QUICK_TURNS if options.quick else TURNS
    async with temporary_home() as home, lone_s3(home) as settings, open_storage(settings) as storage:
        await storage.set_up([])
        file = home.root / "file.mp4"
        file.write_bytes(os.urandom(MB) * (size // MB))
        await storage.files.upload(file, KEY, content_type="video/mp4")
        times = {name: await _turns(curl, storage, file, rate, turns) for name, rate in RATES.items()}
    ratios = {name: ours / theirs for name, (ours, theirs) in times.items()}
    show_table(
        console,
        f"{size // MB} MB from S3 to an upload server",
        ("the server reads", "curl -T, MB/s", "SubiteYa, MB/s", "share of curl's"),
        [(name, size / MB / t, size / MB / o, 1 / ratios[name]) for name, (o, t) in times.items()],
    )
    shaped = max(ratio for name, ratio in ratios.items() if RATES[name])
    show_bars(console, [Bar("time for each second of curl's, at a network's rate", shaped, PROMISE, "s")])
    return {
        "throughput_vs_curl": round(1 / shaped, 3),
        **{f"throughput_vs_curl_{_word(name)}": round(1 / ratio, 3) for name, ratio in ratios.items()},
        "size_mb": size // MB,
        "turns": turns,
    }


def _word(name: str) -> str:
    return {"1 Gbit/s": "1_gbit", "200 Mbit/s": "200_mbit"}.get(name, "unlimited")


async def _turns(curl: str, storage: Storage, file: Path, rate: int, turns: int) -> tuple[float, float]:
    """Medians of our and curl's seconds."""
    ours, theirs = [], []
    async with _sink(rate) as address:
        for _ in range(turns):
            theirs.append(await _curl(curl, file, address))
            ours.append(await _send(storage, file.stat().st_size, address))
    return statistics.median(ours), statistics.median(theirs)


@asynccontextmanager
async def _sink(rate: int) -> AsyncIterator[str]:
    program = Path(__file__).with_name("_sink.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), str(rate), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        port = int(await asyncio.wait_for(process.stdout.readline(), LIMIT_S))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.wait()


async def _curl(curl: str, file: Path, address: str) -> float:
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(curl, "--silent", "--fail", "--noproxy", "*", "-T", str(file), f"{address}/whole"),
        stdout=asyncio.subprocess.DEVNULL,
    )
    code = await asyncio.wait_for(process.wait(), LIMIT_S)
    if code:
        raise RuntimeError(f"curl ended with {code}")
    return time.perf_counter() - begun


async def _send(storage: Storage, size: int, address: str) -> float:
    """As the upload worker does it, the ledger's rows aside: the next chunk when this one is acknowledged."""
    plan, url = ChunkPlan.for_size(size), SecretStr(f"{address}/video/?upload_id=1")
    begun = time.perf_counter()
    async with new_upload_transport() as transport:
        sender = ChunkSender(transport, UploadHosts(address))
        for chunk in plan:
            body = storage.objects.get_stream(KEY, start=chunk.first, end=chunk.end)
            async with aclosing(body):
                sent = await sender.send(url, plan, chunk, body)
            if not isinstance(sent, Acknowledged):
                raise SystemExit(f"the server answered {sent}")
    return time.perf_counter() - begun


if __name__ == "__main__":
    run_bench(__doc__ or "", measure)
