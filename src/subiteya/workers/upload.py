"""The upload worker: `subiteya worker upload`."""

from __future__ import annotations

from contextlib import AsyncExitStack

from subiteya.config import Settings
from subiteya.pipeline.publish.confirm import Confirmer
from subiteya.pipeline.publish.journey import PublishJourney
from subiteya.pipeline.tools import Tools
from subiteya.tiktok.endpoints import Endpoints
from subiteya.tiktok.oauth import OAuthClient
from subiteya.tiktok.tokens import Tokens
from subiteya.tiktok.transfer import ChunkSender, new_upload_transport
from subiteya.tiktok.wire import new_http_client
from subiteya.workers.run_worker import Shift, run_worker


async def run_upload_worker(settings: Settings) -> None:
    """Publish posts, and ask for TikTok's word on them, until told to stop."""
    await run_worker(settings, _shift, "upload")


async def _shift(tools: Tools, stack: AsyncExitStack) -> Shift:
    settings = tools.settings
    http = await stack.enter_async_context(new_http_client())
    transport = await stack.enter_async_context(new_upload_transport())
    endpoints = Endpoints.of(settings.tiktok)
    oauth = OAuthClient(endpoints, settings.tiktok.client_key, settings.tiktok.client_secret, http)
    tokens = Tokens(tools.db, tools.sealer, oauth)
    journey = PublishJourney(tokens, ChunkSender(transport, endpoints.uploads))
    confirmer = Confirmer(tools, tokens)
    return Shift("Upload Worker", journey, settings.upload.concurrency, [confirmer.run])
