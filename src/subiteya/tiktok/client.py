"""The calls of the Content Posting and Display APIs that we make."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, TypeVar

import httpx2
from pydantic import SecretStr, ValidationError

from subiteya.domain.chunks import ChunkPlan
from subiteya.tiktok.answers import (
    USER_FIELDS,
    Answer,
    CreatorInfo,
    Publish,
    PublishStatus,
    UserInfo,
)
from subiteya.tiktok.limits import Call
from subiteya.tiktok.requests import PostInfo, file_upload
from subiteya.tiktok.wire import DEADLINE_SECONDS, Covered, Question, Reply, ask, open_envelope

_A = TypeVar("_A", bound=Answer)

_PATHS: Final[Mapping[Call, str]] = {
    Call.CREATOR_INFO: "/v2/post/publish/creator_info/query/",
    Call.INIT_VIDEO: "/v2/post/publish/video/init/",
    Call.INIT_INBOX: "/v2/post/publish/inbox/video/init/",
    Call.STATUS: "/v2/post/publish/status/fetch/",
    Call.USER_INFO: "/v2/user/info/",
}


class TikTokClient:
    """Asks, and answers in values.

    Every call raises `TikTokRefused` (`TikTokTokenRejected` for a token that is not valid) when TikTok says
    no, and `TikTokUnavailable` when it was not carried out or is harmless to repeat. Only the two `init`
    calls raise `TikTokOutcomeUnknown`: TikTok knows no idempotency key, so each `init` begins a new publish.

    Args:
        base_url: Base of the API, without a trailing slash.
        http: Client to send with, see `wire.new_http_client`; the caller closes it.
        deadline_seconds: Longest that one call may take.
    """

    def __init__(
        self, base_url: str, http: httpx2.AsyncClient, *, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._http = http
        self._deadline_seconds = deadline_seconds

    async def creator_info(self, token: SecretStr) -> CreatorInfo:
        """What this creator may do right now; to be asked whenever a post is drawn up or about to be sent.

        Refusals that mean "not now" (`spam_risk_too_many_posts`, …) come here first, with HTTP 200.
        """
        return await self._call(Call.CREATOR_INFO, CreatorInfo, token=token)

    async def init_video(self, token: SecretStr, post: PostInfo, plan: ChunkPlan) -> Publish:
        """Begin a direct post. The answer must be stored before the first byte is sent.

        Raises:
            TikTokOutcomeUnknown: TikTok may have begun a publish whose id we do not know. As nobody knows its
                upload address either, no video can ever come of it.
        """
        payload = {"post_info": post.as_json(), "source_info": file_upload(plan)}
        return await self._init(Call.INIT_VIDEO, token, payload)

    async def init_inbox(self, token: SecretStr, plan: ChunkPlan) -> Publish:
        """Begin a draft: its owner finishes it in the app. Takes no caption and no settings.

        Raises:
            TikTokOutcomeUnknown: As with `init_video`.
        """
        return await self._init(Call.INIT_INBOX, token, {"source_info": file_upload(plan)})

    async def fetch_status(self, token: SecretStr, publish_id: str) -> PublishStatus:
        """What became of a publish. A post that failed is an answer, not an error."""
        return await self._call(Call.STATUS, PublishStatus, token=token, payload={"publish_id": publish_id})

    async def user_info(self, token: SecretStr, scopes: Collection[str]) -> UserInfo:
        """The user's profile, as far as the granted `scopes` open it."""
        opened = [field for scope, names in USER_FIELDS.items() if scope in scopes for field in names]
        fields = opened or ["open_id"]  # the parameter is mandatory
        question = self._question(Call.USER_INFO, token, query=f"?fields={','.join(fields)}", method="GET")
        data = open_envelope(question, await self._ask(question))
        user = data.get("user")
        return _typed(
            UserInfo, question, Covered(user if isinstance(user, dict) else {}, log_id=data["log_id"])
        )

    async def _init(self, call: Call, token: SecretStr, payload: Mapping[str, Any]) -> Publish:
        question = self._question(call, token, payload=payload, acts=True)
        publish = _typed(Publish, question, open_envelope(question, await self._ask(question)))
        if publish.upload_url is None:
            raise question.no_answer("no upload address in the answer")
        return publish

    async def _call(
        self, call: Call, kind: type[_A], *, token: SecretStr, payload: Mapping[str, Any] | None = None
    ) -> _A:
        question = self._question(call, token, payload=payload)
        return _typed(kind, question, open_envelope(question, await self._ask(question)))

    def _question(
        self,
        call: Call,
        token: SecretStr,
        *,
        payload: Mapping[str, Any] | None = None,
        query: str = "",
        method: str = "POST",
        acts: bool = False,
    ) -> Question:
        url = f"{self._base_url}{_PATHS[call]}{query}"
        return Question(call.value, method, url, acts=acts, token=token, payload=payload)

    async def _ask(self, question: Question) -> Reply:
        return await ask(self._http, question, deadline_seconds=self._deadline_seconds)


def _typed(kind: type[_A], question: Question, data: Covered) -> _A:
    try:
        return kind.model_validate(data.without_nulls())
    except ValidationError as error:
        # Names only: the values may hold an upload address.
        fields = sorted({str(part["loc"][0]) for part in error.errors(include_input=False)})
        raise question.no_answer(f"unusable answer: {', '.join(fields)}") from None
