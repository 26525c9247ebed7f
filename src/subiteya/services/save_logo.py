"""Give a brand pattern a logo."""

from __future__ import annotations

import asyncio
import uuid

from subiteya.db.models import BrandPattern
from subiteya.domain.keys import asset_key
from subiteya.domain.pattern import PatternSpec
from subiteya.media.logo_image import MAX_BYTES, inspect_image
from subiteya.services.resources import Resources
from subiteya.services.save_pattern import find_pattern, write_pattern

__all__ = ["MAX_BYTES", "save_logo"]


async def save_logo(
    resources: Resources, *, user_id: uuid.UUID, pattern_id: uuid.UUID, data: bytes
) -> BrandPattern:
    """Check an image, keep it, and name it in the pattern, which becomes the next version.

    The logo before it stays in storage: frozen copies of the pattern may show it.

    Raises:
        NotFound: no such pattern of theirs.
        BadImage: too large, of another format, or broken.
    """
    async with resources.db.begin() as session:
        await find_pattern(session, user_id, pattern_id)
    facts = await asyncio.to_thread(inspect_image, data)
    key = asset_key(user_id, facts.ending)
    await resources.storage.objects.put_bytes(key, data, content_type=facts.content_type)
    async with resources.db.begin() as session:
        pattern = await find_pattern(session, user_id, pattern_id, lock=True)
        spec = PatternSpec.merge(pattern.spec, {"logo": {"key": key}})
        return await write_pattern(session, pattern, name=pattern.name, spec=spec)
