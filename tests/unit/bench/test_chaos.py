"""What chaos would say if a promise were broken: its verdict, its deck, its picture."""

from __future__ import annotations

import random
import uuid
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from _chaos_harms import Done, Harm, Kind, deck
from _chaos_judge import Rows, Verdict, gaps, judge_video
from _chaos_report import course_svg, figures
from _chaos_run import Report
from _chaos_watch import Sample, promises_broken
from subiteya.db.models import Event, Post, Video
from subiteya.domain.states import PostStatus, VideoStatus

SERVICES = ["postgres", "valkey", "s3", "simulator", "api-1", "api-2", "edit-1", "upload-1"]
SVG = "{http://www.w3.org/2000/svg}"


def event(to: str, came_from: str, reason: str, post: Post | None = None) -> Event:
    return Event(
        kind="move", from_status=came_from, to_status=to, reason=reason, post_id=post.id if post else None
    )


def rows(status: VideoStatus, post: PostStatus | None = None, publish_id: str | None = None) -> Rows:
    """A video whose timeline leads to where it stands."""
    video = Video(id=uuid.uuid4(), status=status)
    told = [event("EDITING_QUEUED", "DRAFT", "confirmed"), event("EDITING", "EDITING_QUEUED", "started")]
    if status is VideoStatus.FAILED_EDIT:
        return Rows(video, [], [*told, event("FAILED_EDIT", "EDITING", "worker_lost")])
    told.append(event("EDITED", "EDITING", "edited"))
    if post is None:
        return Rows(video, [], told)
    row = Post(id=uuid.uuid4(), status=post, publish_id=publish_id)
    told += [
        event("UPLOAD_QUEUED", "EDITED", "queued"),
        event("UPLOADING", "UPLOAD_QUEUED", "started", row),
        event("UPLOADING", "UPLOAD_QUEUED", "posts"),
        event(str(post), "UPLOADING", "why", row),
        event(str(status), "UPLOADING", "posts"),
    ]
    return Rows(video, [row], told)


def verdict(found: Rows, *there: str) -> Verdict:
    result = Verdict()
    judge_video(result, "one", found, [{"publish_id": publish_id} for publish_id in there])
    return result


def test_a_post_that_is_there_once_and_shown_is_well() -> None:
    found = rows(VideoStatus.POSTED, PostStatus.POSTED, "p1")
    assert verdict(found, "p1") == Verdict(posted=1)
    assert gaps(found) == []


def test_a_post_that_is_there_twice_is_doubled() -> None:
    assert verdict(rows(VideoStatus.POSTED, PostStatus.POSTED, "p1"), "p1", "p2").doubled


def test_a_post_that_we_do_not_show_is_not_explained() -> None:
    assert verdict(rows(VideoStatus.FAILED_UPLOAD, PostStatus.FAILED_UPLOAD, "p1"), "p1").unexplained
    assert verdict(rows(VideoStatus.POSTED, PostStatus.POSTED, "another"), "p1").unexplained


@pytest.mark.parametrize("status", [VideoStatus.EDITING, VideoStatus.EDITED, VideoStatus.DRAFT])
def test_a_video_that_stands_still_on_its_way_is_lost(status: VideoStatus) -> None:
    assert verdict(rows(status)).lost


def test_a_post_shown_that_does_not_exist_is_lost() -> None:
    assert verdict(rows(VideoStatus.POSTED, PostStatus.POSTED, "p1")).lost


def test_a_failure_that_the_timeline_tells_is_explained() -> None:
    assert verdict(rows(VideoStatus.FAILED_EDIT)).failed == {"FAILED_EDIT: worker_lost": 1}
    told = verdict(rows(VideoStatus.FAILED_UPLOAD, PostStatus.NEEDS_ATTENTION))
    assert told.failed == {"NEEDS_ATTENTION: why": 1}
    silent = rows(VideoStatus.FAILED_EDIT)
    silent.events[-1].reason = None
    assert verdict(silent).unexplained


def test_a_timeline_with_a_gap_is_seen() -> None:
    found = rows(VideoStatus.FAILED_EDIT)
    assert gaps(Rows(found.video, [], [found.events[0], found.events[2]])), "a move is missing"
    assert gaps(Rows(found.video, [], found.events[:-1])), "it does not end where the video stands"
    assert gaps(Rows(found.video, [], [event("POSTED", "DRAFT", "why")])), "no such move"


def publish(title: str, at: float, publish_id: str = "p", open_id: str = "a") -> dict[str, Any]:
    return {"title": title, "created_at": at, "publish_id": publish_id, "open_id": open_id}


def test_promises_are_seen_broken_while_it_runs() -> None:
    well = [publish("one", 10.0, "p1"), publish("two", 12.0, "p2"), publish("three", 12.1, "p3", "b")]
    assert promises_broken(well, {"p1", "p2"}, 2.0) == set()
    assert promises_broken([*well, publish("one", 20.0, "p4")], set(), 2.0)
    assert promises_broken(well, {"p9"}, 2.0)
    assert promises_broken([*well, publish("four", 13.0, "p4")], set(), 2.0)


def dealt(seed: int) -> list[Harm]:
    return deck(random.Random(seed), SERVICES)  # noqa: S311 - a seed is what is wanted


def test_the_seed_decides_the_deck_and_everything_is_killed_once() -> None:
    first, again, other = (dealt(seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert sorted(card.whom for card in first if card.kind is Kind.KILL) == sorted(SERVICES)
    assert {card.kind for card in first} == set(Kind)


def report(result: Verdict, leftovers: list[str] | None = None) -> Report:
    return Report(
        verdict=result,
        broken=[],
        leftovers=leftovers or [],
        strays=[],
        kills=1,
        done=[Done(1.0, Harm(Kind.KILL, "s3"))],
        gave_up=[],
        restarts=0,
        forced=0,
        samples=[Sample(0.0, 3, 0, 0, 0, 0), Sample(2.0, 1, 2, 1, 1, 1)],
        seconds=2.0,
    )


def test_only_what_kept_every_promise_is_green() -> None:
    assert figures(report(Verdict(posted=3)))["green"]
    assert not figures(report(Verdict(posted=2, lost=["one"])))["green"]
    assert not figures(report(Verdict(posted=3), ["process 1"]))["green"]


def test_the_picture_has_the_curves_and_a_mark_for_each_card() -> None:
    root = ET.fromstring(course_svg(report(Verdict(posted=3)), "Chaos"))  # noqa: S314 - our own words
    assert len([path for path in root.iter(f"{SVG}path") if path.get("stroke-width") == "2"]) == 4 + len(Kind)
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert titles.count("1 s: kill -9 s3") == 3
