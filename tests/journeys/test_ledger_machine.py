"""Whatever happens in whatever order: no post exists twice, none is called posted that is not, windows hold.

Hypothesis makes up stories of posts, workers that die, TikTok that stumbles, and time that passes; the real
journey plays them against the simulator, with real engines. `--hypothesis-profile=long` tells more of them.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from fixtures.engines import empty
from journeys.ledger_line import Death
from journeys.ledger_world import CREATORS, World, a_world
from subiteya.config import Settings
from subiteya.db.models import Job, Post
from subiteya.domain.errors import SubiteyaError
from subiteya.domain.post_mode import PostMode
from subiteya.domain.states import JobStatus, PostStatus
from subiteya.services.change_post import STOPPED, cancel_post, retry_post

WINDOW_S = 300.0
DAILY_CAP = 3
MOST_POSTS = 8
A_DAY_S = 86_400.0
LEASE_S = 30.0
LONGEST_END = 120
"""Looks at what is still open, once everything goes well."""
ENDS = {
    PostStatus.POSTED,
    PostStatus.NEEDS_ATTENTION,
    PostStatus.FAILED_UPLOAD,
    PostStatus.CANCELLED,
}
LIMITS = {
    "/v2/post/publish/creator_info/query/": 20,
    "/v2/post/publish/video/init/": 6,
    "/v2/post/publish/inbox/video/init/": 6,
    "/v2/post/publish/status/fetch/": 30,
}
"""TikTok's calls a minute for one token."""
WAITS = frozenset(
    {
        "account_window",
        "tiktok_rate_limit_exceeded",
        "tiktok_spam_risk_too_many_posts",
        "tiktok_spam_risk_too_many_pending_share",
    }
)
"""`wait_reason` of a job that has not failed."""

first_deaths = st.sampled_from(
    [Death(at, after) for at, after in ((3, True), (2, True), (4, True), (3, False))]
)
"""In and around the sending of the last byte; the simplest story, which is always told, has the first."""
deaths = st.none() | st.builds(Death, st.integers(1, 5), st.booleans())
spans = st.sampled_from([1.0, 20.0, 70.0, 310.0, 3_700.0, 8 * 3_600.0, A_DAY_S])
troubles = st.sampled_from(
    [
        {"action": "status", "endpoint": "video_init", "status": 500},
        {"action": "status", "endpoint": "video_init", "status": 429, "code": "rate_limit_exceeded"},
        {"action": "cut", "endpoint": "video_init"},
        {"action": "cut", "endpoint": "video_init", "when": "after"},
        {"action": "cut", "endpoint": "inbox_init", "when": "after"},
        {"action": "cut", "endpoint": "upload", "after_bytes": 100},
        {"action": "cut", "endpoint": "upload", "when": "after"},
        {"action": "status", "endpoint": "upload", "status": 502, "times": 4},
        {"action": "status", "endpoint": "upload", "status": 403},
        {"action": "status", "endpoint": "status_fetch", "status": 503},
        {"action": "cut", "endpoint": "status_fetch", "when": "after"},
        {"action": "kill_token", "endpoint": "status_fetch"},
        {"action": "kill_token", "endpoint": "video_init"},
        {"action": "cut", "endpoint": "token", "when": "after"},
        {"action": "fail", "reason": "internal"},
        {"action": "fail", "reason": "spam_risk_too_many_posts"},
        {"action": "fail", "reason": "file_format_check_failed"},
    ]
)


class LedgerMachine(RuleBasedStateMachine):
    """One story."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.world: World = self.do(self.stack.enter_async_context(self.open_world()))
        self.captions: dict[uuid.UUID, str] = {}

    def open_world(self) -> AbstractAsyncContextManager[World]:
        """Where the story happens."""
        raise NotImplementedError

    def do(self, step: Any) -> Any:
        return self.runner.run(step)

    # --- what may happen ---

    @rule(account=st.integers(0, len(CREATORS) - 1), mode=st.sampled_from(PostMode), count=st.integers(1, 3))
    def somebody_posts(self, account: int, mode: PostMode, count: int) -> None:
        for _ in range(min(count, MOST_POSTS - len(self.captions))):
            caption = f"post {len(self.captions)}"
            post_id = self.do(self.world.add(self.world.accounts[account], mode, caption))
            self.captions[post_id] = caption

    @initialize(mode=st.sampled_from(PostMode), death=first_deaths)
    def a_first_worker_dies(self, mode: PostMode, death: Death) -> None:
        """Few of the short stories would come to this by themselves, and it is what the ledger is for."""
        self.somebody_posts(0, mode, 1)
        self.a_worker_takes_a_job(0, death)
        self.time_passes(LEASE_S * 2)
        self.silent_workers_are_found()
        self.a_worker_takes_a_job(0, None)

    @rule(which=st.integers(0, MOST_POSTS), death=deaths)
    def a_worker_takes_a_job(self, which: int, death: Death | None) -> None:
        async def take() -> None:
            due = await self.world.due()
            if due:
                await self.run(due[which % len(due)], death)

        self.do(take())

    @rule(death=deaths)
    def two_workers_take_jobs_at_once(self, death: Death | None) -> None:
        async def take() -> None:
            due = await self.world.due()
            await asyncio.gather(*(self.run(job, death) for job in due[:2]))

        self.do(take())

    @rule(death=deaths)
    def tiktok_is_asked(self, death: Death | None) -> None:
        self.do(self.world.confirm(death))

    @rule(seconds=spans)
    def time_passes(self, seconds: float) -> None:
        self.do(self.world.pass_time(seconds))

    @rule()
    def silent_workers_are_found(self) -> None:
        self.do(self.world.sweep())

    @rule(trouble=troubles)
    def tiktok_stumbles(self, trouble: dict[str, Any]) -> None:
        self.do(self.world.knob("POST", "/faults", trouble))

    @rule(which=st.integers(0, MOST_POSTS))
    def an_owner_tries_again(self, which: int) -> None:
        async def again() -> None:
            stopped = [post for post in (await self.world.posts()).values() if post.status in STOPPED]
            if stopped:
                await self.world.reconnect()
                post = sorted(stopped, key=lambda post: post.caption)[which % len(stopped)]
                await retry_post(self.world.resources, user_id=post.user_id, post_id=post.id)

        self.do(again())

    @rule(which=st.integers(0, MOST_POSTS))
    def an_owner_calls_a_post_off(self, which: int) -> None:
        async def call_off() -> None:
            posts = sorted((await self.world.posts()).values(), key=lambda post: post.caption)
            if posts:
                post = posts[which % len(posts)]
                try:
                    await cancel_post(self.world.resources, user_id=post.user_id, post_id=post.id)
                except SubiteyaError:
                    return  # it is on its way

        self.do(call_off())

    @rule()
    def an_owner_posts_the_drafts_in_the_inbox(self) -> None:
        self.do(self.finish_drafts())

    # --- what must hold ---

    @invariant()
    def nothing_exists_twice_and_nothing_is_made_up(self) -> None:
        async def look() -> tuple[dict[uuid.UUID, Post], list[dict[str, Any]], dict[str, uuid.UUID | None]]:
            return await self.world.posts(), await self.world.publishes(), await self.world.begun()

        posts, publishes, begun = self.do(look())
        complete = {one["publish_id"]: begun.get(one["publish_id"]) for one in publishes if there(one)}
        assert None not in complete.values(), "bytes were sent to a publish that no row knows"
        whose = Counter(complete.values())
        assert not [post_id for post_id, count in whose.items() if count > 1], "it exists twice"
        for post in posts.values():
            if post.status is PostStatus.POSTED:
                assert post.publish_id in complete, "called posted, and it is not"
            if post.status is PostStatus.CANCELLED:
                assert post.id not in whose, "called off, and it is there"

    @invariant()
    def windows_are_kept(self) -> None:
        async def look() -> tuple[list[dict[str, Any]], dict[str, uuid.UUID | None]]:
            return await self.world.publishes(), await self.world.begun()

        publishes, begun = self.do(look())
        by_account: dict[str, list[tuple[float, uuid.UUID, str]]] = defaultdict(list)
        for one in publishes:
            post_id = begun.get(one["publish_id"])
            if post_id is not None:  # else its answer was lost, and it never gets a byte
                by_account[one["open_id"]].append((one["created_at"], post_id, one["kind"]))
        for begins in by_account.values():
            times = [at for at, *_ in begins]
            assert all(later - earlier >= WINDOW_S for earlier, later in pairwise(times)), times
            direct = [(at, post_id) for at, post_id, kind in begins if kind == "DIRECT_PUBLISH"]
            assert most_within(direct, A_DAY_S) <= DAILY_CAP
        calls: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
        for number, asked in enumerate(self.world.asked):
            calls[asked.path, asked.token].append((asked.at, number))
        for (path, _), asked_at in calls.items():
            assert most_within(asked_at, 60) <= LIMITS.get(path, len(asked_at)), path

    def teardown(self) -> None:
        """Every story ends: nothing is lost on the way, and nobody waits for ever."""
        try:
            self.do(self.end_of_story())
            self.nothing_exists_twice_and_nothing_is_made_up()
            self.windows_are_kept()
        finally:
            self.do(self.stack.aclose())
            self.runner.close()

    # --- how ---

    async def run(self, job: Job, death: Death | None = None) -> None:
        await self.world.work(job, death)
        after = (await self.world.jobs())[job.post_id]
        if after.status is JobStatus.QUEUED and after.wait_reason in WAITS:
            assert after.attempts == job.attempts, "waiting burnt an attempt"

    async def finish_drafts(self) -> None:
        for one in await self.world.publishes():
            if one["step"] == "inbox":
                await self.world.finish_draft(one["publish_id"])

    async def end_of_story(self) -> None:
        await self.world.knob("DELETE", "/faults")
        await self.world.reconnect()
        for _ in range(LONGEST_END):
            await self.world.sweep()
            for job in await self.world.due():
                await self.run(job)
            await self.world.confirm()
            await self.finish_drafts()
            posts = (await self.world.posts()).values()
            open_ones = [post for post in posts if post.status not in ENDS]
            if not open_ones:
                return
            await self.world.pass_time(max(await self.world.next_event_in(), 60.0))
        raise AssertionError(f"no end: {[(post.caption, post.status) for post in open_ones]}")


def there(publish: dict[str, Any]) -> bool:
    """Whether TikTok has made a post of it."""
    return bool(publish["step"] == "complete")


def most_within(marks: Sequence[tuple[float, object]], span: float) -> int:
    """The most different things that happened within any such span."""
    return max(
        (len({what for at, what in marks if start <= at < start + span}) for start, _ in marks), default=0
    )


@pytest.fixture
def story_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Windows as in production; retries and checks soon, since a worker's pauses are real."""
    del settings  # its environment is ours
    for name, value in {
        "ACCOUNT_WINDOW_SECONDS": str(WINDOW_S),
        "CREATOR_POSTS_PER_DAY": str(DAILY_CAP),
        "UPLOAD_MAX_PER_MINUTE": "3",
        "TIKTOK_POLL_SECONDS": "2",
        "JOB_LEASE_SECONDS": str(LEASE_S),
    }.items():
        monkeypatch.setenv(name, value)
    return Settings()


@pytest.mark.timeout(900)  # a long profile tells stories for minutes
def test_every_story_ends_well(story_settings: Settings, database_url: str, tmp_path: Path) -> None:
    stories = itertools.count()

    class Story(LedgerMachine):
        def open_world(self) -> AbstractAsyncContextManager[World]:
            empty(database_url)
            return a_world(story_settings, tmp_path / str(next(stories)), DAILY_CAP)

    long = hypothesis_settings.get_current_profile_name() == "long"
    run_state_machine_as_test(
        Story,
        settings=hypothesis_settings(
            max_examples=200 if long else 4,
            stateful_step_count=40 if long else 10,
            deadline=None,
            derandomize=not long,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
