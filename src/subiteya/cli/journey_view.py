"""What a person sees while a clip travels: three bars, then the timeline with durations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

_PERCENT: Final = 100
_SENT: Final = {"planned": 0, "inited": 5, "submitted": 90, "confirmed": 100}

WORDS: Final = {
    "DRAFT": ("uploaded", "subido"),
    "EDITING_QUEUED": ("waiting for an editor", "espera un editor"),
    "EDITING": ("branding", "aplicando la marca"),
    "EDITED": ("branded", "marca aplicada"),
    "UPLOAD_QUEUED": ("waiting for its slot", "espera su turno"),
    "SCHEDULED": ("scheduled", "programado"),
    "UPLOADING": ("sending to TikTok", "enviando a TikTok"),
    "CONFIRMING": ("TikTok is checking", "TikTok lo revisa"),
    "IN_INBOX": ("draft in your TikTok inbox", "borrador en tu bandeja de TikTok"),
    "POSTED": ("posted", "publicado"),
    "UNCONFIRMED": ("unconfirmed", "sin confirmar"),
    "NEEDS_ATTENTION": ("needs you", "te necesita"),
    "FAILED_EDIT": ("the edit failed", "falló la edición"),
    "FAILED_UPLOAD": ("the posting failed", "falló la publicación"),
    "CANCELLED": ("cancelled", "cancelado"),
}
"""Each status in English and Spanish, as a few words."""


def words_of(status: str, language: str) -> str:
    """A status in a person's words."""
    english, spanish = WORDS.get(status, (status, status))
    return spanish if language == "es" else english


class JourneyView:
    """Three bars on the terminal: upload, edit, posting."""

    def __init__(self, console: Console, language: str) -> None:
        self._language = language
        self._bars = Progress(
            TextColumn("[bold]{task.fields[name]:<8}"),
            BarColumn(bar_width=32),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", style="dim"),
            console=console,
        )
        names = ("Subida", "Edición", "TikTok") if language == "es" else ("Upload", "Edit", "TikTok")
        self._upload, self._edit, self._post = (
            self._bars.add_task("", name=name, note="", total=_PERCENT, start=False) for name in names
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def uploaded(self, done: int, total: int) -> None:
        """So many bytes are stored."""
        self._show(self._upload, _PERCENT * done / max(total, 1), f"{done / 1e6:.1f} / {total / 1e6:.1f} MB")

    def changed(self, video: dict[str, Any]) -> None:
        """The video's row changed."""
        status = video["status"]
        if status == "DRAFT":
            return
        edited = video["edited_at"] is not None and status not in {"EDITING_QUEUED", "EDITING"}
        note = words_of("EDITED" if edited else status, self._language)
        detail = video.get("progress_detail") or {}
        if not edited and detail.get("speed"):
            note += f" · {detail['speed']:.1f}x{_left(detail.get('left_seconds'))}"
        self._show(self._edit, _PERCENT if edited else video["progress"], note)
        if video["posts"]:
            self._show_post(video["posts"][-1])

    def _show_post(self, post: dict[str, Any]) -> None:
        total = post["video_bytes"] or 0
        percent = float(_SENT.get(post["step"], 0))
        if post["step"] == "sending" and total:
            percent = 5 + 85 * post["bytes_acknowledged"] / total
        self._show(self._post, percent, words_of(post["status"], self._language) + _waits_until(post))

    def _show(self, bar: TaskID, percent: float, note: str) -> None:
        task = self._bars.tasks[self._bars.task_ids.index(bar)]
        if not task.started and percent >= 0:
            self._bars.start_task(bar)
        self._bars.update(bar, completed=max(percent, task.completed), note=note)
        if percent >= _PERCENT:
            self._bars.stop_task(bar)


def _left(seconds: float | None) -> str:
    """` · -0:12` as players count down; nothing while it is unknown."""
    if seconds is None:
        return ""
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f" · -{minutes}:{rest:02}"


def _waits_until(post: dict[str, Any]) -> str:
    """` · 14:32:10` for a post whose start lies in the future: its account's window, or its next retry."""
    at = post["will_retry_at"] or post["slot_at"]
    if post["status"] != "UPLOAD_QUEUED" or at is None:
        return ""
    start = datetime.fromisoformat(at)
    return f" · {start.astimezone():%H:%M:%S}" if start > datetime.now(UTC) else ""


def timeline_table(events: Sequence[dict[str, Any]], language: str) -> Table:
    """The timeline as a table: when, since the step before, what, by whom."""
    heads = ("Hora", "+", "Qué pasó", "Quién") if language == "es" else ("Time", "+", "What happened", "Who")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(heads[0], no_wrap=True, style="dim")
    table.add_column(heads[1], justify="right", no_wrap=True, style="cyan")
    table.add_column(heads[2], overflow="fold", ratio=1)
    table.add_column(heads[3], overflow="ellipsis", no_wrap=True, style="dim", max_width=22)
    before: datetime | None = None
    for event in events:
        at = datetime.fromisoformat(event["at"])
        passed = f"{(at - before).total_seconds():.2f} s" if before else ""
        table.add_row(f"{at.astimezone():%H:%M:%S}", passed, _told(event, language), _who(event["actor"]))
        before = at
    return table


def _told(event: dict[str, Any], language: str) -> Text:
    if event["kind"] == "move":
        subject = "post" if event["post_id"] else "video"
        text = Text.assemble(f"{subject} → ", (event["to_status"], "bold"))
        text.append(f"  {words_of(event['to_status'], language)}", "dim")
        return text
    return Text.assemble(("· ", "dim"), event["reason"] or event["kind"], (_remark(event), "dim"))


def _remark(event: dict[str, Any]) -> str:
    """What is worth knowing of a step's detail."""
    detail = event["detail"] or {}
    match event["reason"]:
        case "stored":
            return f" {detail['bytes'] / 1e6:.1f} MB, FFmpeg {detail['ffmpeg_seconds']:.1f} s"
        case "inited":
            return f" {detail['publish_id']}"
        case "ffmpeg":
            return " stream copy" if detail.get("copy") else " one pass"
    return ""


def _who(actor: str) -> str:
    kind, _, name = actor.partition(":")
    return kind if kind == "user" else f"{kind} {name.rsplit(':', 1)[-1]}"
