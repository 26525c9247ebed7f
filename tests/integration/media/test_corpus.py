"""Whatever somebody uploads ends in a named outcome, soon, and looks at no other file and no network."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.media.corpus import Corpus
from subiteya.domain.errors import BadSubtitles, EditFailed, NotAVideo
from subiteya.domain.pattern import MergeField, PatternSpec
from subiteya.domain.subtitles import Cue
from subiteya.media.edit import Editor, Ingredients, plan_edit, run_edit
from subiteya.media.probe import probe
from subiteya.media.subtitles import parse_subtitles

LIMIT_S = 40
BRANDED = PatternSpec.parse(
    {"effects": {"look": "warm"}, "output": {"quality": "low"}, "texts": [{"text": "{{video.title}}"}]}
)
EVIL = "{\\fnx\\p1}';movie=/etc/passwd[a];[a]$(id)`id` %{eif:1}\\N<b>{{account.nickname}}"


class Door:
    """A port of this machine that counts who knocks."""

    def __init__(self) -> None:
        self.knocks = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:  # closed
                return
            self.knocks += 1
            caller.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.close()


@pytest.fixture
def corpus(tmp_path: Path, ffmpeg: Path, door: Door) -> Corpus:
    """Its canary is a proper film: a script that was followed to it would be taken for a video."""
    folder, elsewhere = tmp_path / "uploads", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    corpus = Corpus(folder, ffmpeg, door.url, elsewhere / "canary.mp4")
    corpus.films()["mute.mp4"]("mute.mp4").rename(corpus.canary)
    return corpus


async def outcome(editor: Editor, path: Path, work: Path) -> str:
    """How probe and edit end; whatever else is raised is the test's to show."""
    async with asyncio.timeout(LIMIT_S):
        try:
            found = await probe(path)
        except NotAVideo:
            return "not a video"
        await asyncio.to_thread(work.mkdir)
        values = {MergeField.VIDEO_TITLE: EVIL}
        ingredients = Ingredients(BRANDED, found, path, (Cue(0, 300, EVIL),), values)
        try:
            plan = await plan_edit(editor, ingredients, work)
            await run_edit(editor, plan, work)
        except (NotAVideo, EditFailed):
            return "not edited"
        edited = await probe(plan.output)
    assert edited.video is not None
    assert (edited.video.codec, edited.video.pix_fmt, edited.video.range) == ("h264", "yuv420p", "tv")
    assert all(360 <= side <= 4096 for side in (edited.video.width, edited.video.height))
    assert 23 <= edited.video.rate <= 60
    assert edited.video.is_constant_rate
    return "edited"


async def outcomes(editor: Editor, paths: list[Path], folder: Path) -> dict[str, str]:
    """All of them, two at a time."""
    turns = asyncio.Semaphore(2)

    async def one(number: int, path: Path) -> tuple[str, str]:
        async with turns:
            return path.name, await outcome(editor, path, folder / f"work-{number}")

    return dict(await asyncio.gather(*(one(number, path) for number, path in enumerate(paths))))


async def test_the_canary_would_sing(editor: Editor, corpus: Corpus, tmp_path: Path) -> None:
    """Else none of the tests here could fail."""
    assert await outcome(editor, corpus.canary, tmp_path / "work") == "edited"


async def test_scripts_and_documents_are_no_videos_and_lead_nowhere(
    editor: Editor, corpus: Corpus, door: Door, tmp_path: Path
) -> None:
    paths = []
    for name, text in corpus.texts().items():
        paths.append(corpus.folder / name)
        paths[-1].write_text(text, encoding="utf-8")
    paths.append(corpus.folder / "endless.mp4")
    paths[-1].symlink_to("/dev/zero")
    paths += [make(name) for name, make in corpus.sounds().items()]
    ended = await outcomes(editor, paths, tmp_path)
    assert set(ended.values()) == {"not a video"}, ended
    assert door.knocks == 0


async def test_broken_and_dressed_up_files_end_in_a_named_way(
    editor: Editor, corpus: Corpus, door: Door, tmp_path: Path
) -> None:
    paths = []
    for name, data in corpus.binaries().items():
        paths.append(corpus.folder / name)
        paths[-1].write_bytes(data)
    ended = await outcomes(editor, paths, tmp_path)
    refused = {
        "noise.mp4",
        "zeros.mp4",
        "zip.mp4",
        "png.mp4",
        "jpeg.mov",
        "gif.webm",
        "elf.mp4",
        "inflated.mp4",
        "vast.png",
        "only-its-head.mp4",
        "index-of-nonsense.mp4",
        "no-index.mp4",
        "absurd.avi",
    }
    assert {name: ended[name] for name in refused} == dict.fromkeys(refused, "not a video")
    for name in ("tail-of-noise.mp4", "two-films.mp4"):
        assert ended[name] == "edited", name
    assert door.knocks == 0


async def test_every_odd_film_and_name_comes_through(
    editor: Editor, corpus: Corpus, door: Door, tmp_path: Path
) -> None:
    paths = [make(name) for name, make in corpus.films().items()]
    before = sorted(path.name for path in corpus.folder.iterdir())
    ended = await outcomes(editor, paths, tmp_path)
    assert {name: how for name, how in ended.items() if how != "edited"} == {}
    assert sorted(path.name for path in corpus.folder.iterdir()) == before
    assert list(tmp_path.rglob("pwned")) == []
    assert door.knocks == 0


def test_there_are_at_least_forty_files(corpus: Corpus) -> None:
    kinds = (corpus.texts(), corpus.binaries(), corpus.sounds(), corpus.films())
    assert sum(map(len, kinds)) >= 80


async def test_a_file_that_changed_after_its_probe_gets_no_further(
    editor: Editor, corpus: Corpus, tmp_path: Path
) -> None:
    """The fence stands before FFmpeg too: it follows no script, whatever the probe had seen."""
    honest = corpus.films()["mute.mp4"]("honest.mp4")
    found = await probe(honest)
    honest.write_text(f"ffconcat version 1.0\nfile '{corpus.canary}'\n")
    work = tmp_path / "work"
    work.mkdir()
    plan = await plan_edit(editor, Ingredients(BRANDED, found, honest), work)
    with pytest.raises((NotAVideo, EditFailed)):
        await run_edit(editor, plan, work)


TIMES = "1\n00:00:00,000 --> 00:00:09,000\n"
ORDERS = (
    TIMES + "{\\fn/etc/passwd}{\\fs999}{x} $(touch x) `id` ';[v]null'\n",
    "WEBVTT\n\n00:00.000 --> 00:09.000\n<img src=/etc/x>{\\r}\\N{\\t(0,9,\\fs999)}hola, %{pts}:x=1\n",
    TIMES + "A" * 900 + "\n",
    TIMES + "\u202e\u2066\u200b\u0000\u001b[31mhola\n",
)


async def test_subtitles_with_orders_in_them_are_burned_in_as_words(
    editor: Editor, corpus: Corpus, tmp_path: Path
) -> None:
    source = corpus.films()["mute.mp4"]("mute.mp4")
    for number, text in enumerate(ORDERS):
        work = tmp_path / f"work-{number}"
        work.mkdir()
        ingredients = Ingredients(BRANDED, await probe(source), source, parse_subtitles(text.encode()))
        async with asyncio.timeout(LIMIT_S):
            plan = await plan_edit(editor, ingredients, work)
            await run_edit(editor, plan, work)
        assert sorted(path.name for path in work.iterdir()) == [
            "edited.mp4", "fonts", "fonts.conf", "texts.ass",
        ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        f"1\n00:00:00,000 --> 00:00:01,000\n{EVIL}\n",
        "WEBVTT\n\nSTYLE\n::cue { background: url(http://127.0.0.1/) }\n\n00:00.000 --> 00:01.000\nx\n",
        (
            "[Script Info]\nScriptType: v4.00+\n[Fonts]\nfontname: x.ttf\n!!!!\n[Events]\n"
            "Format: Layer, Start, End, Style, Text\nDialogue: 0,0:00:00.00,0:00:01.00,x,{\\fn../../x}hola\n"
        ),
        '[{"start_ms": 0, "end_ms": 1e999, "text": "x"}]',
        '[{"start_ms": 9, "end_ms": 1, "text": "x"}]',
        "[{" * 5000,
        "1\n99:99:99,999 --> 00:00:00,000\nx\n",
        "\x00\x01\x02",
    ],
)
def test_subtitles_with_syntax_in_them_are_text_or_refused(text: str) -> None:
    try:
        cues = parse_subtitles(text.encode())
    except BadSubtitles:
        return
    assert all(0 <= cue.start_ms < cue.end_ms for cue in cues)
    assert not any("{\\" in cue.text or "\x00" in cue.text for cue in cues)
