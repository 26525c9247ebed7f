"""What happens at TikTok while nobody asks: files are looked at, outcomes fall due, pulls are fetched.

Everything is found in the store, so a restarted simulator goes on where it stood.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import httpx2

from subiteya.tiktok.simulator import lifecycle
from subiteya.tiktok.simulator.clock import MovableClock
from subiteya.tiktok.simulator.media import inspect_file, verdict
from subiteya.tiktok.simulator.pull import PullError, download
from subiteya.tiktok.simulator.records import Creator, Publish, Step
from subiteya.tiktok.simulator.store import Database, Store
from subiteya.tiktok.simulator.switchboard import Switchboard

_IDLE_SECONDS = 5.0
_LONGEST_WAIT_SECONDS = 1.0  # the clock may be moved under us


class Engine:
    """Moves publishes on when their time has come."""

    def __init__(
        self,
        store: Store,
        clock: MovableClock,
        switchboard: Switchboard,
        videos: Path,
        outgoing: httpx2.AsyncClient,
    ) -> None:
        self._store = store
        self._clock = clock
        self._switchboard = switchboard
        self._videos = videos
        self._outgoing = outgoing
        self._working = asyncio.Lock()
        self._pulls: dict[str, asyncio.Task[None]] = {}

    def video_path(self, publish: Publish) -> Path:
        """Return where the bytes of a publish lie."""
        return self._videos / f"{publish.upload_id}.video"

    async def work(self) -> float:
        """Do all that is due and return how many seconds may pass until the next look."""
        async with self._working:
            for publish in await self._store.run(_unchecked):
                await self._check(publish)
            await self._start_pulls()
            await self.advance()
        next_due = await self._store.run(_next_due)
        if next_due is not None:
            return min(_LONGEST_WAIT_SECONDS, next_due - self._clock.epoch())
        return _LONGEST_WAIT_SECONDS if self._pulls else _IDLE_SECONDS

    async def advance(self) -> None:
        """Give every outcome and every public id that is due, and delete the files of what failed."""
        now = self._clock.epoch()
        for publish in await self._store.run(lambda db: self._advance(db, now)):
            await asyncio.to_thread(self.video_path(publish).unlink, missing_ok=True)
            await self._store.run(partial(_discarded, publish))

    async def pulls_done(self) -> None:
        """Wait until no pull is under way."""
        if self._pulls:
            await asyncio.wait(set(self._pulls.values()))

    async def stop(self) -> None:
        """Break off the pulls; they start again with the next run."""
        for task in self._pulls.values():
            task.cancel()
        await self.pulls_done()

    def cancel_pull(self, publish_id: str) -> None:
        """Break off one pull."""
        task = self._pulls.get(publish_id)
        if task is not None:
            task.cancel()

    def _advance(self, db: Database, now: float) -> list[Publish]:
        """Move what is due and return what failed and still has its file."""
        switches = self._switchboard.current
        processed = db.all(
            Publish,
            "WHERE step = ? AND checked = 1 AND stuck = 0 AND due_at <= ? ORDER BY due_at",
            Step.PROCESSING,
            now,
        )
        for publish in processed:
            lifecycle.end_processing(db, switches, publish, now)
        moderated = db.all(Publish, "WHERE step = ? AND public_due_at <= ?", Step.COMPLETE, now)
        for publish in moderated:
            lifecycle.make_public(db, switches, publish, now)
        return db.all(Publish, "WHERE step = ? AND discarded = 0", Step.FAILED)

    async def _check(self, publish: Publish) -> None:
        facts = await asyncio.to_thread(inspect_file, self.video_path(publish))

        def remember(db: Database) -> None:
            creator = db.get(Creator, publish.open_id)
            longest = creator.max_video_post_duration_sec if creator else 0
            measured = (
                {
                    "duration_ms": facts.duration_ms,
                    "width": facts.width,
                    "height": facts.height,
                    "fps": facts.fps,
                }
                if facts
                else {}
            )
            db.change(
                Publish, publish.publish_id, checked=True, check_reason=verdict(facts, longest), **measured
            )

        await self._store.run(remember)

    async def _start_pulls(self) -> None:
        self._pulls = {id_: task for id_, task in self._pulls.items() if not task.done()}
        waiting = await self._store.run(lambda db: db.all(Publish, "WHERE step = ?", Step.DOWNLOADING))
        for publish in waiting:
            if publish.publish_id not in self._pulls:
                task = asyncio.create_task(self._pull(publish), name=f"simulator-pull-{publish.publish_id}")
                self._pulls[publish.publish_id] = task

    async def _pull(self, publish: Publish) -> None:
        async def progress(received: int) -> None:
            await self._store.run(lambda db: db.change(Publish, publish.publish_id, received=received))

        path = self.video_path(publish)
        problem: str | None = None
        content_type = "video/mp4"
        try:
            content_type = await download(self._outgoing, publish.pull_url or "", path, progress)
        except PullError:
            problem = "video_pull_failed"
            await asyncio.to_thread(path.unlink, missing_ok=True)

        def conclude(db: Database) -> None:
            current = db.get(Publish, publish.publish_id)
            if current is None or current.step is not Step.DOWNLOADING:
                return  # cancelled meanwhile
            switches, now = self._switchboard.current, self._clock.epoch()
            if problem is not None:
                lifecycle.fail(db, switches, current, problem, now)
                return
            db.change(Publish, publish.publish_id, content_type=content_type, video_size=current.received)
            lifecycle.all_received(db, switches, current, now)

        await self._store.run(conclude)


def _discarded(publish: Publish, db: Database) -> None:
    db.change(Publish, publish.publish_id, discarded=True)


def _unchecked(db: Database) -> list[Publish]:
    return db.all(Publish, "WHERE step = ? AND checked = 0 ORDER BY received_at", Step.PROCESSING)


def _next_due(db: Database) -> float | None:
    """Return the next moment at which an outcome or a public id is due."""
    value: float | None = db.value(
        "SELECT min(due) FROM ("
        " SELECT due_at AS due FROM publish WHERE step = ? AND stuck = 0"
        " UNION ALL SELECT public_due_at FROM publish WHERE step = ? AND public_due_at IS NOT NULL)",
        Step.PROCESSING,
        Step.COMPLETE,
    )
    return value
