"""What is said becomes subtitles: on the way to the clip, before it to be corrected, or not at all."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import httpx2
from starlette.responses import JSONResponse

from fixtures.processes import House, Process, until
from fixtures.speech import SENTENCE, SpeechService
from journeys.test_chain import api_of, differs, frame
from subiteya.db.models import Video
from subiteya.domain.states import JobStatus, VideoStatus
from subiteya.domain.subtitles import Cue, SubtitleOrigin
from subiteya.media.subtitles import parse_subtitles
from subiteya.services.read_subtitles import read_subtitles
from subiteya.services.request_words import cancel_words, request_words
from subiteya.services.save_subtitles import save_subtitles

AUTO: dict[str, Any] = {"subtitles": {"source": "auto", "language": "en", "size_percent": 6}}
GO_ON: dict[str, Any] = {"subtitles": {**AUTO["subtitles"], "without": "go_on"}}
KEY = "sk-made-up-for-the-journey"


async def listener(house: House, service: SpeechService | None = None, **extra: str) -> Process:
    """An edit worker that asks this service, or has nothing that could listen."""
    asks = (
        {"TRANSCRIBER": "openai", "TRANSCRIBE_URL": service.url, "TRANSCRIBE_API_KEY": KEY} if service else {}
    )
    worker = house.start("worker", "edit", **asks, **extra)
    await house.ready(worker)
    return worker


def cues_of(video: Video) -> tuple[Cue, ...]:
    return parse_subtitles((video.subtitles or "").encode())


async def reasons(house: House, video_id: uuid.UUID) -> list[str | None]:
    return [event.reason for event in await house.events(video_id)]


async def picture(house: House, video: Video, second: float, folder: Path) -> float:
    """How much of the lower part of the edited clip is not grey at that second."""
    target = folder / f"{video.version}.mp4"
    await house.resources.storage.files.download(video.edited_key or "", target)
    return differs(await asyncio.to_thread(frame, target, second, folder / "frame.png"), (0, 320, 360, 640))


async def test_what_is_said_is_heard_kept_and_burned_in_and_listened_to_only_once(
    house: House, speech_service: SpeechService, spoken_clip: Path, tmp_path: Path
) -> None:
    worker = await listener(house, speech_service)
    video_id = await house.draft(spoken_clip)
    await house.confirm(video_id, AUTO)
    video = await house.reached(video_id, "EDITED", "FAILED_EDIT")

    [cue] = cues_of(video)
    assert (video.status, cue.text) == (VideoStatus.EDITED, SENTENCE)
    assert [word.text for word in cue.words] == SENTENCE.split()
    assert (video.subtitles_origin, video.subtitles_language) == (SubtitleOrigin.TRANSCRIBED, "en")
    assert video.subtitles_by == "whisper-1 (127.0.0.1)"
    assert "transcribed" in await reasons(house, video_id)
    assert await picture(house, video, cue.start_ms / 1000 + 0.5, tmp_path) > 0.01
    assert await picture(house, video, 0.3, tmp_path) < 0.001, "nothing is said yet"

    await house.confirm(video_id, AUTO)
    await until(lambda: _edited_again(house, video))
    assert len(speech_service.asked) == 1
    assert KEY not in worker.text()


async def _edited_again(house: House, before: Video) -> bool:
    now = await house.video(before.id)
    return now.status is VideoStatus.EDITED and now.edited_key != before.edited_key


async def test_words_written_down_before_are_corrected_and_the_clip_shows_the_correction(
    house: House, speech_service: SpeechService, spoken_clip: Path
) -> None:
    url = await api_of(house)
    await listener(house, speech_service)
    video_id = await house.draft(spoken_clip)
    here, headers = f"/api/videos/{video_id}", {"Authorization": f"Bearer {house.key}"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=60) as http:
        speech_service.hold = asyncio.Event()
        asked = await http.post(f"{here}/subtitles/transcribe", json={"language": "en"})
        assert asked.status_code == 202
        assert asked.json()["words"]["state"] in {"waiting", "listening"}
        await until(lambda: _asked(speech_service))
        under_way = (await http.get(here)).json()
        assert (under_way["status"], under_way["words"]["state"]) == ("DRAFT", "listening")
        for refused in (
            await http.post(f"{here}/confirm"),
            await http.put(f"{here}/subtitles", json={"cues": [_cue("x")]}),
        ):
            assert (refused.status_code, refused.json()["code"]) == (409, "words_under_way")
        speech_service.hold.set()

        async def there() -> Any:
            words = (await http.get(here)).json()["words"]
            return words if words["state"] not in {"waiting", "listening"} else None

        words = await until(there)
        assert (words["state"], words["origin"], words["language"]) == ("there", "transcribed", "en")
        [heard] = (await http.get(f"{here}/subtitles")).json()["cues"]
        assert heard["text"] == SENTENCE
        assert (await http.get(f"{here}/subtitles", params={"format": "vtt"})).text.count(SENTENCE) == 1

        right = {**heard, "text": "Dos, tres, cuatro y cinco", "words": []}
        corrected = await http.put(f"{here}/subtitles", json={"cues": [right]})
        assert corrected.json()["origin"] == "edited"
        assert corrected.json()["by"] == words["by"]
        again = await http.post(f"{here}/subtitles/transcribe")
        assert (again.status_code, again.json()["code"]) == (422, "bad_input")
        assert (await http.post(f"{here}/confirm", json={"spec": AUTO})).status_code == 202
    video = await house.reached(video_id, "EDITED", "FAILED_EDIT")
    assert [cue.text for cue in cues_of(video)] == ["Dos, tres, cuatro y cinco"]
    assert len(speech_service.asked) == 1


async def _asked(service: SpeechService) -> bool:
    return len(service.asked) > 0


def _cue(text: str) -> dict[str, Any]:
    return {"start_ms": 0, "end_ms": 900, "text": text}


def with_error(house: House, video_id: uuid.UUID, code: str) -> Any:
    """Waits until the video says this."""

    async def says() -> Video | None:
        video = await house.video(video_id)
        return video if video.error_code == code else None

    return until(says)


async def test_without_a_transcriber_edits_wait_and_say_so_until_there_are_words_or_a_worker_that_has_one(
    house: House, speech_service: SpeechService, spoken_clip: Path
) -> None:
    worker = await listener(house)
    helped, patient = await house.draft(spoken_clip), await house.draft(spoken_clip)
    for video_id in (helped, patient):
        await house.confirm(video_id, AUTO)
        video: Video = await with_error(house, video_id, "no_transcriber")
        assert (video.status, video.subtitles) == (VideoStatus.EDITING_QUEUED, None)
    for job in await house.jobs():
        assert (job.status, job.wait_reason, job.attempts) == (JobStatus.QUEUED, "no_transcriber", 0)

    words = await read_subtitles("a.srt", b"1\n00:00:00,000 --> 00:00:02,000\nHola\n")
    owner = house.account.user_id
    await save_subtitles(house.resources, user_id=owner, video_id=helped, subtitles=words)
    edited = await house.reached(helped, "EDITED", "FAILED_EDIT")
    assert (edited.status, edited.error_code) == (VideoStatus.EDITED, None)
    assert edited.subtitles_origin is SubtitleOrigin.FILE
    assert (await house.video(patient)).status is VideoStatus.EDITING_QUEUED

    worker.terminate()
    speech_service.hears = lambda _: [{"word": "Hola", "start": 1.0, "end": 1.5}]
    await listener(house, speech_service)
    assert [cue.text for cue in cues_of(await house.reached(patient, "EDITED"))] == ["Hola"]


async def test_a_pattern_that_goes_on_has_a_clip_without_words_and_silence_needs_no_transcriber(
    house: House, spoken_clip: Path, mute_clip: Path, tmp_path: Path
) -> None:
    url = await api_of(house)
    await listener(house)
    without, mute = await house.draft(spoken_clip), await house.draft(mute_clip)
    await house.confirm(without, GO_ON)
    await house.confirm(mute, AUTO)
    video = await house.reached(without, "EDITED", "FAILED_EDIT")
    assert (video.status, video.subtitles, video.subtitles_origin) == (VideoStatus.EDITED, None, None)
    assert "without_words" in await reasons(house, without)
    assert await picture(house, video, 1.8, tmp_path) < 0.001
    silent = await house.reached(mute, "EDITED", "FAILED_EDIT")
    assert (silent.status, silent.subtitles_origin) == (VideoStatus.EDITED, SubtitleOrigin.TRANSCRIBED)

    headers = {"Authorization": f"Bearer {house.key}"}
    async with httpx2.AsyncClient(base_url=f"{url}/api/videos", headers=headers, timeout=60) as http:
        told = [(await http.get(f"/{video_id}")).json()["words"] for video_id in (without, mute)]
        assert [words["state"] for words in told] == ["went_without", "nothing_said"]
        assert told[0]["error"]["code"] == "no_transcriber"
        # Asked for by itself, it cannot be done either: it says so, and nothing waits.
        await http.post(f"/{without}/subtitles/transcribe")

        async def failed() -> Any:
            words = (await http.get(f"/{without}")).json()["words"]
            return words["state"] not in {"waiting", "listening"}

        await until(failed)
        assert "no_transcriber" in await reasons(house, without)


async def test_a_service_that_refuses_the_key_or_is_busy_is_waited_for_and_one_that_refuses_the_sound_is_not(
    house: House, speech_service: SpeechService, short_clip: Path
) -> None:
    speech_service.hears = lambda _: []
    await listener(house, speech_service)
    waits = [(401, "transcriber_unusable", "Incorrect API key"), (503, "transcriber_unavailable", "503")]
    for status, code, why in waits:
        speech_service.script.append(JSONResponse({"error": {"message": why}}, status))
        video_id = await house.draft(short_clip)
        await house.confirm(video_id, AUTO)
        video: Video = await with_error(house, video_id, code)
        assert video.status is VideoStatus.EDITING_QUEUED
        assert why in str(video.error_context)
    assert {(job.status, job.attempts) for job in await house.jobs()} == {(JobStatus.QUEUED, 0)}

    speech_service.script.append(JSONResponse({"error": {"message": "Unsupported audio"}}, 400))
    refused, heard = await house.draft(short_clip), await house.draft(short_clip)
    await house.confirm(refused, AUTO)
    video = await house.reached(refused, "FAILED_EDIT", "EDITED")
    assert (video.status, video.error_code) == (VideoStatus.FAILED_EDIT, "transcription_refused")
    assert video.error_context == {"why": "the service refuses: 400 Unsupported audio"}
    await house.confirm(heard, AUTO)
    video = await house.reached(heard, "EDITED", "FAILED_EDIT")
    assert (video.status, video.subtitles) == (VideoStatus.EDITED, None)
    assert video.subtitles_origin is SubtitleOrigin.TRANSCRIBED, "that nobody speaks is kept"


async def test_called_off_while_it_listens_it_ends_leaves_nothing_behind_and_can_be_asked_for_again(
    house: House, speech_service: SpeechService, short_clip: Path
) -> None:
    speech_service.hold = asyncio.Event()
    await listener(house, speech_service)
    video_id = await house.draft(short_clip)
    owner = house.account.user_id
    await request_words(house.resources, user_id=owner, video_id=video_id)
    await until(lambda: _asked(speech_service))
    await cancel_words(house.resources, user_id=owner, video_id=video_id)

    async def left() -> bool:
        return house.work_folders() == []

    await until(left)
    video = await house.video(video_id)
    assert (video.status, video.subtitles, video.subtitles_origin) == (VideoStatus.DRAFT, None, None)
    [job] = await house.jobs()
    assert job.status is JobStatus.CANCELLED
    speech_service.hears = lambda _: [{"word": "otra", "start": 0.1, "end": 0.5}]
    speech_service.hold.set()
    await request_words(house.resources, user_id=owner, video_id=video_id, language="es")

    async def heard() -> Video | None:
        video = await house.video(video_id)
        return video if video.subtitles is not None else None

    again: Video = await until(heard)
    assert (again.status, again.subtitles_origin) == (VideoStatus.DRAFT, SubtitleOrigin.TRANSCRIBED)
    assert speech_service.asked[-1].fields["language"] == ["es"]
