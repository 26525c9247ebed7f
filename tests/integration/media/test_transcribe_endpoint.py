"""The service with OpenAI's interface: a real sentence, long sound in pieces, refusals, and the key."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from starlette.responses import JSONResponse, RedirectResponse

from fixtures.clips import render
from fixtures.speech import SENTENCE, SpeechService
from subiteya.config import Settings, TranscribeSettings
from subiteya.domain.word_errors import (
    NoTranscriber,
    TranscriberUnavailable,
    TranscriberUnusable,
    TranscriptionFailed,
    TranscriptionRefused,
)
from subiteya.media.transcribe import Recording, Transcriber, open_transcriber
from subiteya.media.transcribe.endpoint import Endpoint

FFMPEG = Path(get_ffmpeg_exe())
KEY = "sk-made-up-by-the-tests"
Refusal: TypeAlias = tuple[
    int, dict[str, str] | None, type[NoTranscriber | TranscriberUnavailable | TranscriptionFailed]
]


def endpoint(service: SpeechService, **settings: Any) -> Endpoint:
    chosen = {"TRANSCRIBER": "openai", "TRANSCRIBE_URL": service.url, "TRANSCRIBE_API_KEY": KEY}
    return Endpoint(TranscribeSettings.model_validate({**chosen, **settings}), FFMPEG)


def recording(clip: Path, work: Path, length_s: float = 4.0, language: str | None = None) -> Recording:
    folder = work / "sound"
    folder.mkdir()
    return Recording(clip, length_s, language, folder)


async def test_a_sentence_that_was_said_is_written_down_word_by_word(
    speech_service: SpeechService, spoken_clip: Path, tmp_path: Path
) -> None:
    seen: list[float] = []
    asking = endpoint(speech_service, TRANSCRIBE_MODEL="whisper-large")
    transcript = await asking.transcribe(recording(spoken_clip, tmp_path, language="en-US"), seen.append)

    [cue] = transcript.cues(4.0)
    assert (cue.text, [word.text for word in cue.words]) == (SENTENCE, SENTENCE.split())
    assert 900 < cue.start_ms < 1400, "the second of silence before it counts"
    assert cue.end_ms < 4000
    assert (transcript.language, seen) == ("en-US", [1.0])
    [asked] = speech_service.asked
    assert asked.authorization == f"Bearer {KEY}"
    assert asked.fields == {
        "model": ["whisper-large"],
        "language": ["en"],
        "response_format": ["verbose_json"],
        "timestamp_granularities[]": ["word", "segment"],
    }
    assert len(asked.sound) < spoken_clip.stat().st_size / 2
    assert asking.name == "whisper-large (127.0.0.1)"


async def test_long_sound_goes_in_pieces_that_the_service_takes_parted_where_nobody_speaks(
    speech_service: SpeechService, tmp_path: Path
) -> None:
    # Two seconds of noise, eight of quiet, then all noise: the mean says little of its end.
    loud = "lt(mod(t,10),2)+gte(t,20)"
    clip = render(
        tmp_path / "long.mka",
        *("-f", "lavfi", "-i", "anoisesrc=color=pink:duration=40:amplitude=0.5:seed=1"),
        *("-af", f"volume='if({loud},1,0)':eval=frame", "-c:a", "pcm_s16le"),
    )
    heard: list[float] = []

    def once(sound: bytes) -> list[dict[str, Any]]:
        del sound
        return [{"word": f"piece{len(speech_service.asked)}", "start": 0.5, "end": 1.0}]

    speech_service.hears = once
    asking = endpoint(speech_service, TRANSCRIBE_MAX_BYTES=40_000)
    transcript = await asking.transcribe(recording(clip, tmp_path, 40.0), heard.append)

    assert len(speech_service.asked) > 2
    assert all(len(asked.sound) <= 40_000 for asked in speech_service.asked)
    starts = [cue.start_ms - 500 for cue in transcript.cues(40.0)]
    assert len(starts) == len(speech_service.asked)
    assert starts[0] == 0
    assert 2000 < starts[1] < 10_000, "parted in the quiet"
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    # The language that the first piece was found to be in is asked of the others: one clip, one language.
    assert [asked.fields.get("language") for asked in speech_service.asked][:2] == [None, ["en"]]


@pytest.mark.parametrize(
    "case",
    [
        (401, {"message": "Incorrect API key provided"}, TranscriberUnusable),
        (404, {"message": "The model does not exist"}, TranscriberUnusable),
        (429, {"code": "insufficient_quota", "message": "You exceeded your quota"}, TranscriberUnusable),
        (429, {"code": "rate_limit_exceeded", "message": "Slow down"}, TranscriberUnavailable),
        (503, None, TranscriberUnavailable),
        (400, {"message": "Audio file is too short"}, TranscriptionRefused),
        (413, {"message": "Maximum content size limit exceeded"}, TranscriptionRefused),
    ],
)
async def test_a_refusal_is_said_in_the_services_words_and_means_what_it_means(
    speech_service: SpeechService, short_clip: Path, tmp_path: Path, case: Refusal
) -> None:
    status, error, raised = case
    answer = JSONResponse({"error": error} if error else {}, status, headers={"Retry-After": "7"})
    speech_service.script.append(answer)
    with pytest.raises(raised) as caught:
        await endpoint(speech_service).transcribe(recording(short_clip, tmp_path, 3.0), lambda _: None)
    assert type(caught.value) is raised
    assert (error or {}).get("message", str(status)) in str(caught.value.context["why"])
    assert KEY not in f"{caught.value} {caught.value.context}"
    if raised is TranscriberUnavailable:
        assert caught.value.context["after_s"] == 7


async def test_an_answer_that_is_none_fails_and_makes_nothing_up(
    speech_service: SpeechService, short_clip: Path, tmp_path: Path
) -> None:
    speech_service.script.append(JSONResponse({"text": "words without a time", "segments": []}))
    with pytest.raises(TranscriptionFailed) as caught:
        await endpoint(speech_service).transcribe(recording(short_clip, tmp_path, 3.0), lambda _: None)
    assert caught.value.retryable


async def test_a_redirect_is_not_followed_so_the_key_goes_nowhere_else(
    speech_service: SpeechService, short_clip: Path, tmp_path: Path
) -> None:
    speech_service.script.append(RedirectResponse(f"{speech_service.url}/audio/transcriptions", 307))
    with pytest.raises(TranscriptionRefused):
        await endpoint(speech_service).transcribe(recording(short_clip, tmp_path, 3.0), lambda _: None)
    assert len(speech_service.asked) == 1


async def test_nobody_there_is_unavailable_not_failed(short_clip: Path, tmp_path: Path) -> None:
    nobody = SpeechService(url="http://127.0.0.1:9/v1")
    with pytest.raises(TranscriberUnavailable):
        await endpoint(nobody).transcribe(recording(short_clip, tmp_path, 3.0), lambda _: None)


async def test_the_key_is_in_no_log_and_no_repr(
    speech_service: SpeechService, short_clip: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asking = endpoint(speech_service)
    speech_service.hears = lambda _: []
    with caplog.at_level(logging.DEBUG):
        await asking.transcribe(recording(short_clip, tmp_path, 3.0), lambda _: None)
    assert speech_service.asked[0].authorization == f"Bearer {KEY}"
    assert KEY not in caplog.text
    assert KEY not in repr(asking)


@pytest.mark.parametrize("transcriber", ["none", "openai"])
async def test_without_a_key_or_a_transcriber_the_obstacle_is_known_before_anything_is_done(
    settings: Settings, tmp_path: Path, transcriber: str
) -> None:
    chosen = TranscribeSettings.model_validate({"TRANSCRIBER": transcriber})
    opened: Transcriber = open_transcriber(settings.model_copy(update={"transcribe": chosen}), FFMPEG)
    obstacle = opened.obstacle()
    assert obstacle is not None
    with pytest.raises(type(obstacle)) as caught:
        await opened.transcribe(Recording(tmp_path / "none.mp4", 1.0, None, tmp_path), lambda _: None)
    assert str(caught.value) == str(obstacle)


async def test_a_service_of_ones_own_may_need_no_key(
    speech_service: SpeechService, short_clip: Path, tmp_path: Path
) -> None:
    asking = endpoint(speech_service, TRANSCRIBE_API_KEY=None)
    speech_service.hears = lambda _: []
    transcript = await asking.transcribe(recording(short_clip, tmp_path, 3.0), lambda _: None)
    assert transcript.cues(3.0) == ()
    assert speech_service.asked[0].authorization is None
