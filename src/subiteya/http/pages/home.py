"""The front page: your videos by state, live; or how to get in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from subiteya.domain.states import GROUPS
from subiteya.http.deps import ResourcesDep
from subiteya.http.locale import translate
from subiteya.http.pages.render import page
from subiteya.http.problems import language_for
from subiteya.http.security import session_user

router = APIRouter(include_in_schema=False)

GROUP_WORDS: Final[Mapping[str, str]] = {
    "uploading": "On their way to TikTok",
    "editing": "Being edited",
    "drafts": "Drafts",
    "edited": "Ready to post",
    "failed": "Need a look",
    "posted": "Posted to TikTok",
}
"""Headings, in the order of the page: what moves first, what is done last."""

STATUS_WORDS: Final[Mapping[str, str]] = {
    "DRAFT": "Draft",
    "EDITING_QUEUED": "Waiting for the edit",
    "EDITING": "Editing",
    "EDITED": "Edited",
    "UPLOAD_QUEUED": "Waiting to post",
    "UPLOADING": "Posting",
    "IN_INBOX": "Draft in your TikTok inbox",
    "POSTED": "Posted",
    "FAILED_EDIT": "The edit failed",
    "FAILED_UPLOAD": "Posting failed",
    "CANCELLED": "Cancelled",
    "SCHEDULED": "Scheduled",
    "CONFIRMING": "TikTok is checking",
    "UNCONFIRMED": "Not confirmed",
    "NEEDS_ATTENTION": "Needs your attention",
}

SCRIPT_WORDS: Final[Mapping[str, str]] = {
    "retry": "Next attempt: {time} ({attempt} of {max})",
    "planned": "Planned: {time}",
    "rendering": "The version for this account is being made.",
    "inbox": "Open TikTok's notification in the app to finish and post it.",
    "open": "See it on TikTok",
    "live": "Live",
    "offline": "Connection lost, trying again…",
    "progress": "Progress",
    "pace": "{speed}x · {time} left",
    "words_waiting": "What is said will be written down soon.",
    "words_listening": "What is said is being written down.",
    "listening_at": "What is said is being written down: {percent} %",
    "words_nothing_said": "Nothing is said in this video.",
    "said_by": "Subtitles written down by {by}",
}
"""What the page's script says."""


@router.get("/")
async def home(request: Request, resources: ResourcesDep) -> Response:
    """Show the signed-in user's videos; tell everybody else how to sign in."""
    user = await session_user(request, resources)
    if user is None:
        return page(request, "signed_out.html")
    request.state.locale = user.locale
    language = language_for(request)
    words = {
        "groups": _in(language, GROUP_WORDS),
        "statuses": _in(language, STATUS_WORDS),
        "script": _in(language, SCRIPT_WORDS),
        "members": {name: sorted(members) for name, members in GROUPS.items()},
    }
    return page(request, "home.html", user=user, words=words)


def _in(language: str, words: Mapping[str, str]) -> dict[str, str]:
    return {name: translate(word, language) for name, word in words.items()}
