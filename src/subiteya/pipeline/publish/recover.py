"""A publish that was begun before: ask TikTok what became of it, and let the ledger follow."""

from __future__ import annotations

from datetime import UTC, datetime

from subiteya.domain.errors import TikTokRefused
from subiteya.domain.outcome import Outcome, Retry
from subiteya.pipeline.journey import Run
from subiteya.pipeline.publish.ask import Voice
from subiteya.pipeline.publish.ledger import Entry, Ledger
from subiteya.tiktok.answers import PublishState, PublishStatus
from subiteya.tiktok.error_row import Kind, Place
from subiteya.tiktok.error_table import outcome_of, outcome_of_error, row_of

UNKNOWN_PUBLISH = "invalid_publish_id"


async def recover(
    run: Run, ledger: Ledger, entry: Entry, voice: Voice, *, address_dead: bool
) -> Outcome | None:
    """Bring the ledger to where TikTok is.

    Args:
        run: Who holds the job.
        ledger: Of the post.
        entry: As loaded.
        voice: Speaks for the account.
        address_dead: Whether the upload address is known not to take bytes any more.

    Returns:
        None when the ledger tells how to go on (send the rest, begin anew, or wait for TikTok's word);
        otherwise what to do instead.
    """
    publish_id = entry.post.publish_id or ""
    try:
        status = await voice.ask(lambda token: run.tools.tiktok.fetch_status(token, publish_id))
    except TikTokRefused as error:
        if error.tiktok_code == UNKNOWN_PUBLISH and bytes_missing(entry, None):
            await ledger.forget("publish_unknown", publish_id=publish_id, log_id=error.log_id)
            return None
        if error.tiktok_code == UNKNOWN_PUBLISH:
            await ledger.submitted(entry.plan.size, "publish_unknown")
            return None
        return outcome_of_error(error, Place.STATUS, now=datetime.now(UTC))
    await ledger.asked(status.raw_state, uploaded_bytes=status.uploaded_bytes, log_id=status.log_id)
    if status.state is PublishState.FAILED:
        return await _failed(ledger, status)
    if status.state is not PublishState.PROCESSING_UPLOAD or _has_all(entry, status):
        await ledger.submitted(entry.plan.size)
        return None
    if address_dead or not entry.address_is_alive:
        if bytes_missing(entry, status):
            await ledger.forget("upload_url_expired", publish_id=publish_id)
        else:
            # The last chunk may have arrived: only TikTok can tell, and it will.
            await ledger.submitted(entry.plan.size, "last_chunk_in_doubt")
    elif _further(entry, status):
        await ledger.acknowledged(status.uploaded_bytes or 0)
    return None


async def _failed(ledger: Ledger, status: PublishStatus) -> Outcome:
    """TikTok gave up on it: by its reason another publish may be begun, later, or never."""
    reason = status.fail_reason or "internal"
    outcome = outcome_of(reason, Place.FAIL_REASON, now=datetime.now(UTC), detail=f"log_id {status.log_id}")
    if row_of(reason, Place.FAIL_REASON).kind in {Kind.RETRY, Kind.WAIT}:
        await ledger.forget("refused", fail_reason=reason)
    return outcome if not isinstance(outcome, Retry) else Retry(outcome.code, reason)


def _has_all(entry: Entry, status: PublishStatus) -> bool:
    return status.uploaded_bytes is not None and status.uploaded_bytes >= entry.plan.size


def _further(entry: Entry, status: PublishStatus) -> bool:
    """Whether TikTok has a whole chunk more than the ledger: a worker died between the two."""
    count = status.uploaded_bytes
    if count is None or count <= entry.post.bytes_acknowledged:
        return False
    return any(chunk.end == count for chunk in entry.plan)


def bytes_missing(entry: Entry, status: PublishStatus | None) -> bool:
    """Whether TikTok certainly lacks bytes: it says so, or more than the chunk in flight was never sent."""
    if status is not None and status.uploaded_bytes is not None:
        return status.uploaded_bytes < entry.plan.size
    unsent = entry.plan.remaining(entry.post.bytes_acknowledged)
    return sum(1 for _ in unsent) > 1
