"""What the edit workers run: edits, segments of edits, and the writing down of what is said before one."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.domain.outcome import Decision, Outcome
from subiteya.pipeline.journey import Journey, Run
from subiteya.queue.names import QueueName, is_segment_job, is_words_job


class EditQueueJourney:
    """Gives each job to the journey of its kind. One queue, because both need the same machines."""

    queue = QueueName.EDIT

    def __init__(self, edit: Journey, segment: Journey, words: Journey) -> None:
        self._edit = edit
        self._segment = segment
        self._words = words

    def _of(self, run: Run) -> Journey:
        if is_segment_job(run.hand.id):
            return self._segment
        return self._words if is_words_job(run.hand.id) else self._edit

    async def begin(self, session: AsyncSession, run: Run) -> bool:
        """As the job's own journey says."""
        return await self._of(run).begin(session, run)

    async def work(self, run: Run) -> Outcome:
        """As the job's own journey says."""
        return await self._of(run).work(run)

    async def settle(self, session: AsyncSession, run: Run, decision: Decision) -> None:
        """As the job's own journey says."""
        await self._of(run).settle(session, run, decision)
